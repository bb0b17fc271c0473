/**
 * An object as YAML, to be read, changed and saved. The server writes the YAML and reads it again, so that nothing is lost on the way.
 * Holds: what somebody else changed meanwhile is not overwritten; the server refuses it, and says so.
 */
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { ObjectView } from "../kinds/tabs.ts";
import { FIELD_MANAGER } from "../server/apply.ts";
import { pathOf } from "../server/kinds.ts";
import { queryText } from "../server/server.ts";
import { CopyButton } from "./copy-button.ts";
import { Editor } from "./editor.ts";
import { useCluster, useLoaded, useTry } from "./hooks.ts";
import { FailureBox, Loading } from "./messages.ts";
import { withoutManagedFields } from "./yaml-text.ts";

export function YamlTab({ kind, object }: ObjectView): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const { namespace, name, resourceVersion } = object.metadata;
  const path = pathOf(kind, namespace, name);
  const [withManaged, setWithManaged] = useState(false);
  /** What is being written; undefined while it is only read. */
  const [draft, setDraft] = useState<string>();
  const read = useLoaded(draft === undefined ? `${resourceVersion}` : "kept while it is written", (signal) =>
    server.text(path, { accept: "application/yaml", signal }),
  );
  // What is shown stays while a newer one is read.
  const [last, setLast] = useState<string>();
  if (read.value !== undefined && read.value !== last && draft === undefined) setLast(read.value);
  if (last === undefined) return read.failure ? h(FailureBox, { failure: read.failure }) : h(Loading, { what: "it" });

  const text = withManaged ? last : withoutManagedFields(last);
  const save = (dryRun?: "All") =>
    attempt(async () => {
      const query = queryText({ fieldManager: FIELD_MANAGER, fieldValidation: "Strict", dryRun });
      await server.text(`${path}${query}`, { method: "PUT", contentType: "application/yaml", body: draft ?? text });
      if (dryRun) return "The server would take it";
      setDraft(undefined);
      return `${kind.kind} ${name} is saved`;
    });

  return h(
    "section",
    null,
    h(
      "div",
      { class: "bar" },
      draft === undefined
        ? [
            kind.verbs.includes("update") &&
              h("button", { key: "edit", type: "button", class: "main", onClick: () => setDraft(text) }, "Edit"),
            h(CopyButton, { key: "copy", text }),
            h(
              "label",
              { key: "managed" },
              h("input", { type: "checkbox", checked: withManaged, onChange: () => setWithManaged(!withManaged) }),
              " Managed fields",
            ),
          ]
        : [
            h("button", { key: "save", type: "button", class: "main", onClick: () => void save() }, "Save"),
            h("button", { key: "check", type: "button", onClick: () => void save("All") }, "Check"),
            h("button", { key: "cancel", type: "button", onClick: () => setDraft(undefined) }, "Cancel"),
          ],
    ),
    h(Editor, { text: draft ?? text, label: "YAML", ...(draft !== undefined && { onText: setDraft }) }),
  );
}
