/** Deletes objects once it is said which, and what becomes of those that they own. */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { type Kind, pathOf } from "../server/kinds.ts";
import type { ObjectMeta } from "../server/object.ts";
import { Dialog } from "./dialog.ts";
import { useCluster, useTry } from "./hooks.ts";

const POLICIES: Readonly<Record<string, string>> = {
  Background: "what they own goes afterwards",
  Foreground: "what they own goes first",
  Orphan: "what they own stays",
};
const NAMED = 10;

interface DeleteDialogProps {
  readonly kind: Kind;
  readonly objects: readonly ObjectMeta[];
  close(isDone: boolean): void;
}

export function DeleteDialog({ kind, objects, close }: DeleteDialogProps): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const [propagationPolicy, setPolicy] = useState("Background");
  const names = objects.map(({ namespace, name }) => (namespace ? `${namespace}/${name}` : (name ?? "")));
  const run = () =>
    attempt(async () => {
      for (const { namespace, name, uid } of objects) {
        // An object that has the name by now, but is another one, stays.
        const body = JSON.stringify({
          kind: "DeleteOptions",
          apiVersion: "v1",
          propagationPolicy,
          preconditions: { uid },
        });
        await server.text(pathOf(kind, namespace, name), { method: "DELETE", body });
      }
      return names.length === 1
        ? `${kind.kind} ${names[0]} is being deleted`
        : `${names.length} objects are being deleted`;
    });
  const title = names.length === 1 ? `Delete ${kind.kind} ${names[0]}?` : `Delete ${names.length} objects?`;
  return h(
    Dialog,
    { title, action: "Delete", danger: true, run, close },
    names.length > 1 &&
      h(
        "ul",
        null,
        names.slice(0, NAMED).map((name) => h("li", { key: name }, name)),
      ),
    names.length > NAMED && h("p", null, `and ${names.length - NAMED} more`),
    h(
      "label",
      { class: "field" },
      "Dependents ",
      h(
        "select",
        { onChange: (event: Event) => setPolicy((event.target as HTMLSelectElement).value) },
        Object.entries(POLICIES).map(([policy, text]) =>
          h("option", { key: policy, value: policy, selected: policy === propagationPolicy }, `${policy}: ${text}`),
        ),
      ),
    ),
  );
}
