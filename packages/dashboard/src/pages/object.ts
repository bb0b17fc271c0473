/** One object, kept up to date: what it is, its YAML, its events, and what its kind has besides. */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { actionsOf } from "../kinds/actions.ts";
import { tabsOf } from "../kinds/tabs.ts";
import { DeleteDialog } from "../parts/delete-dialog.ts";
import { useCluster, useFollowed } from "../parts/hooks.ts";
import { FailureBox, Loading, Stale } from "../parts/messages.ts";
import { plural } from "../parts/sidebar.ts";
import { addressOf, listAddress, objectAddress, type Route } from "../route.ts";
import { asObjects } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";

export function ObjectPage(route: Extract<Route, { page: "object" }>): ComponentChild {
  const { kinds } = useCluster();
  const kind = kinds.named(route.kind);
  const [open, setOpen] = useState("");
  const { namespace, name } = route;
  const question = kind && { path: pathOf(kind, namespace), fieldSelector: `metadata.name=${name}` };
  const { items, phase, failure } = useFollowed(question, asObjects());
  if (!kind) return h("p", { class: "quiet" }, `The server serves no ${route.kind.resource}.`);

  const back = h(
    "p",
    { class: "path" },
    h("a", { href: listAddress(kind, { namespace }) }, plural(kind)),
    namespace && [" / ", h("a", { href: listAddress(kind, { namespace }) }, namespace)],
  );
  // Lists do not say of what kind their items are.
  const object = items[0] && {
    apiVersion: [kind.group, kind.version].filter(Boolean).join("/"),
    kind: kind.kind,
    ...items[0],
  };
  if (!object) {
    if (phase === "waiting" && failure) return h("article", null, back, h(FailureBox, { failure }));
    if (phase === "loading") return h("article", null, back, h(Loading, { what: `${kind.kind} ${name}` }));
    return h(
      "article",
      null,
      back,
      h("h1", null, name),
      h("p", { class: "quiet" }, `There is no such ${kind.kind}, or no longer.`),
    );
  }

  const tabs = tabsOf(kind, object);
  const tab = tabs.find((each) => each.name === route.tab) ?? tabs[0];
  const actions = actionsOf(kind, object);
  const action = actions.find(({ title }) => title === open);
  const close = () => setOpen("");

  return h(
    "article",
    null,
    back,
    h(
      "header",
      { class: "bar" },
      h("h1", null, h("small", null, `${kind.kind} `), name),
      h("span", { class: "gap" }),
      actions.map(({ title }) => h("button", { key: title, type: "button", onClick: () => setOpen(title) }, title)),
      kind.verbs.includes("delete") &&
        h("button", { type: "button", class: "danger", onClick: () => setOpen("Delete") }, "Delete …"),
    ),
    object.metadata.deletionTimestamp &&
      h(
        "p",
        { class: "stale" },
        `Being deleted since ${object.metadata.deletionTimestamp}`,
        waitsFor(object.metadata.finalizers),
      ),
    phase === "waiting" && h(Stale, { failure }),
    h(
      "div",
      { class: "tabs", role: "tablist" },
      tabs.map((each) =>
        h(
          "a",
          {
            key: each.name,
            role: "tab",
            "aria-selected": each === tab,
            href: objectAddress(kind, { namespace, name }, { tab: each.name, container: route.container }),
          },
          each.title,
        ),
      ),
    ),
    tab &&
      h(tab.view, {
        key: tab.name,
        kind,
        object,
        container: route.container,
        // Another container is no step that one would go back from.
        showContainer: (container: string) =>
          window.location.replace(addressOf({ ...route, tab: tab.name, container })),
      }),
    open === "Delete" && h(DeleteDialog, { kind, objects: [object.metadata], close }),
    action && h(action.dialog, { kind, object, close }),
  );
}

const waitsFor = (finalizers: readonly string[] = []): string =>
  finalizers.length > 0 ? `; it waits for ${finalizers.join(", ")}` : "";
