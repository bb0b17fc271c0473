/** All objects of a kind, of one namespace or of all, kept up to date. */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { DeleteDialog } from "../parts/delete-dialog.ts";
import { useCluster, useFollowed } from "../parts/hooks.ts";
import { FailureBox, Loading, Stale } from "../parts/messages.ts";
import { NamespacePicker } from "../parts/namespace-picker.ts";
import { plural } from "../parts/sidebar.ts";
import { TableView, uidOf } from "../parts/table-view.ts";
import { addressOf, type Route } from "../route.ts";
import { asTable } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";

type ListRoute = Extract<Route, { page: "list" }>;

export function ListPage(route: ListRoute): ComponentChild {
  const { kinds } = useCluster();
  const { namespace, labelSelector, fieldSelector, filter } = route;
  const kind = kinds.named(route.kind);
  const [wide, setWide] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isDeleting, setDeleting] = useState(false);
  const within = kind?.namespaced ? namespace : "";
  const found = useFollowed(kind && { path: pathOf(kind, within), labelSelector, fieldSelector }, asTable);
  if (!kind) return h("p", { class: "quiet" }, `The server serves no ${route.kind.resource}.`);

  // The address changes with what is typed, but no page is gone back to for every letter.
  const go = (change: Partial<ListRoute>, isStep: boolean) => {
    const address = addressOf({ ...route, ...change });
    if (isStep) window.location.hash = address;
    else window.location.replace(address);
  };
  const { items, columns, phase, failure } = found;
  const chosen = items.filter((row) => selected.has(uidOf(row)));

  return h(
    "article",
    null,
    h(
      "header",
      { class: "bar" },
      h("h1", null, plural(kind), phase !== "loading" && h("small", null, ` ${items.length}`)),
      kind.namespaced && h(NamespacePicker, { namespace, onPick: (next: string) => go({ namespace: next }, true) }),
      field("Filter", "filter", filter, "words in any column", (text) => go({ filter: text }, false)),
      field(
        "Labels",
        "labels",
        labelSelector,
        "app=web, tier in (a, b)",
        (text) => go({ labelSelector: text }, false),
        true,
      ),
      fieldSelector &&
        h(
          "button",
          { type: "button", title: "Ask for all again", onClick: () => go({ fieldSelector: "" }, true) },
          `${fieldSelector} ×`,
        ),
      h("label", null, h("input", { type: "checkbox", checked: wide, onChange: () => setWide(!wide) }), " All columns"),
      h("span", { class: "gap" }),
      chosen.length > 0 &&
        kind.verbs.includes("delete") &&
        h("button", { type: "button", class: "danger", onClick: () => setDeleting(true) }, `Delete ${chosen.length} …`),
      h("a", { class: "button", href: addressOf({ page: "create", namespace: within }) }, "Create …"),
    ),
    phase === "waiting" && items.length > 0 && h(Stale, { failure }),
    phase === "loading" && h(Loading, { what: plural(kind) }),
    phase === "waiting" && items.length === 0 && failure
      ? h(FailureBox, { failure })
      : items.length === 0
        ? phase !== "loading" && h("p", { class: "quiet" }, `There are no ${plural(kind)}${within && ` in ${within}`}.`)
        : h(TableView, {
            kind,
            rows: items,
            columns,
            showNamespace: kind.namespaced && !namespace,
            wide,
            filter,
            ...(kind.verbs.includes("delete") && { selected, onSelect: setSelected }),
          }),
    isDeleting &&
      h(DeleteDialog, {
        kind,
        objects: chosen.map(({ object }) => object.metadata),
        close(isDone: boolean) {
          setDeleting(false);
          if (isDone) setSelected(new Set());
        },
      }),
  );
}

/** What is asked of the server is asked once the field is left; what only chooses among the rows at every letter. */
const field = (
  label: string,
  name: string,
  value: string,
  placeholder: string,
  changed: (text: string) => void,
  isAsked = false,
): ComponentChild =>
  h(
    "label",
    { class: "field" },
    `${label} `,
    h("input", {
      type: "search",
      name,
      value,
      placeholder,
      autocomplete: "off",
      spellcheck: false,
      [isAsked ? "onChange" : "onInput"]: (event: Event) => changed((event.target as HTMLInputElement).value.trim()),
    }),
  );
