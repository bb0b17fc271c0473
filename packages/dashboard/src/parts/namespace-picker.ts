/** One namespace, or all. Who may not list them writes the name. */
import { type ComponentChild, h } from "preact";
import { NAMESPACES } from "../kind-names.ts";
import { asTable } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";
import { useFollowed } from "./hooks.ts";

export function NamespacePicker({
  namespace,
  onPick,
}: {
  readonly namespace: string;
  onPick(namespace: string): void;
}): ComponentChild {
  const { items, phase, failure } = useFollowed({ path: pathOf(NAMESPACES) }, asTable);
  const names = items.map(({ object }) => object.metadata.name ?? "").toSorted();
  const picked = (event: Event) => onPick((event.target as HTMLSelectElement).value.trim());
  if (phase === "waiting" && failure && items.length === 0)
    return h(
      "label",
      { class: "field" },
      "Namespace ",
      h("input", { type: "search", value: namespace, placeholder: "all", onChange: picked }),
    );
  // The one that is shown may not be known yet, or gone.
  const all = namespace && !names.includes(namespace) ? [namespace, ...names] : names;
  return h(
    "label",
    { class: "field" },
    "Namespace ",
    h(
      "select",
      { name: "namespace", onChange: picked },
      h("option", { value: "", selected: !namespace }, "all"),
      all.map((name) => h("option", { key: name, value: name, selected: name === namespace }, name)),
    ),
  );
}
