/** All fields of an object of any kind, as a tree. */
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { Section } from "../../parts/section.ts";
import { Tree } from "../../parts/tree.ts";
import type { PanelView } from "../panels.ts";

/** What the summary shows by itself. */
const ELSEWHERE = new Set(["apiVersion", "kind", "metadata"]);

export function FieldsPanel({ object }: PanelView): ComponentChild {
  const fields = Object.entries(object).filter(([name]) => !ELSEWHERE.has(name));
  const plain = fields.filter(([, value]) => typeof value !== "object");
  const parts = fields.flatMap(([name, value]) => {
    const shown = name === "status" ? withoutConditions(value) : value;
    return typeof shown === "object" && shown !== null && Object.keys(shown).length > 0 ? [[name, shown] as const] : [];
  });
  return [
    plain.length > 0 && h(Section, { key: "plain", title: "Fields" }, h(Facts, { of: trees(plain) })),
    ...parts.map(([name, value]) =>
      h(Section, { key: `.${name}`, title: name[0]?.toUpperCase() + name.slice(1) }, h(Tree, { value })),
    ),
  ];
}

const trees = (fields: readonly (readonly [string, unknown])[]) =>
  Object.fromEntries(fields.map(([name, value]) => [name, h(Tree, { value })]));

function withoutConditions(status: unknown): unknown {
  const { conditions, ...others } = (status ?? {}) as { readonly conditions?: unknown };
  // Where they are no list they are not shown elsewhere.
  return Array.isArray(conditions) ? others : status;
}
