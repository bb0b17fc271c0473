/** Any value as a tree to read: names and what they hold, deep and long parts folded. */
import { type ComponentChild, h } from "preact";
import { Facts } from "./facts.ts";
import { Fold } from "./fold.ts";

interface TreeProps {
  readonly value: unknown;
  readonly depth?: number;
}

/** Below this it is folded, as are lists of more than so many, and texts of more letters. */
const DEEP = 3;
const MANY = 5;
const LONG = 300;

export function Tree({ value, depth = 0 }: TreeProps): ComponentChild {
  if (Array.isArray(value)) return h(List, { list: value, depth });
  if (typeof value === "object" && value !== null) return h(Fields, { fields: value, depth });
  if (value === null) return h("span", { class: "quiet" }, "none");
  const text = value === "" ? '""' : String(value);
  if (text.length > LONG) return h(Fold, { title: `${text.slice(0, 60)} …`, content: () => h("pre", null, text) });
  return text.includes("\n") ? h("pre", null, text) : text;
}

function Fields({ fields, depth }: { readonly fields: object; readonly depth: number }): ComponentChild {
  const entries = Object.entries(fields);
  if (entries.length === 0) return h("span", { class: "quiet" }, "empty");
  const shown = () =>
    h(Facts, {
      of: Object.fromEntries(entries.map(([name, value]) => [name, h(Tree, { value, depth: depth + 1 })])),
    });
  return depth < DEEP ? shown() : h(Fold, { title: entries.map(([name]) => name).join(", "), content: shown });
}

function List({ list, depth }: { readonly list: readonly unknown[]; readonly depth: number }): ComponentChild {
  if (list.length === 0) return h("span", { class: "quiet" }, "none");
  const isPlain = list.every((item) => typeof item !== "object");
  if (isPlain && list.length <= MANY) return list.join(", ");
  const shown = () =>
    h(
      "ol",
      { class: "tree" },
      list.map((value, at) => h("li", { key: at }, h(Tree, { value, depth }))),
    );
  return list.length <= MANY ? shown() : h(Fold, { title: `${list.length} entries`, content: shown });
}
