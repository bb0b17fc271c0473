/** Sets how many pods a workload has, by the subresource that all kinds have for it, custom ones too. */
import { type ComponentChild, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../../parts/dialog.ts";
import { useCluster, useLoaded, useTry } from "../../parts/hooks.ts";
import { FailureBox, Loading } from "../../parts/messages.ts";
import { patchObject } from "../../server/change.ts";
import { pathOf } from "../../server/kinds.ts";
import type { Action, ActionDialog } from "../actions.ts";

interface Scale {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

export const scale: Action = {
  title: "Scale …",
  dialog: ScaleDialog,
  appliesTo: ({ subresources }) => subresources.get("scale")?.includes("patch") ?? false,
};

function ScaleDialog({ kind, object, close }: ActionDialog): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const { namespace, name } = object.metadata;
  const found = useLoaded("scale", (signal) => server.json<Scale>(pathOf(kind, namespace, name, "scale"), { signal }));
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    if (found.value) setWanted(String(found.value.spec?.replicas ?? 0));
  }, [found.value]);
  const run = () =>
    attempt(async () => {
      const patch = { spec: { replicas: Number(wanted) } };
      await patchObject(server, kind, object, { type: "merge", patch, subresource: "scale" });
      return `${kind.kind} ${name} shall have ${wanted}`;
    });
  return h(
    Dialog,
    { title: `Scale ${kind.kind} ${name}`, action: "Scale", disabled: !found.value || wanted === "", run, close },
    found.failure && h(FailureBox, { failure: found.failure }),
    !found.value && !found.failure && h(Loading, { what: "how many there are" }),
    found.value && [
      h(
        "p",
        { key: "now" },
        `${found.value.spec?.replicas ?? 0} are wanted, and there are ${found.value.status?.replicas ?? 0}.`,
      ),
      h(
        "label",
        { key: "wanted" },
        "Replicas ",
        h("input", {
          type: "number",
          min: 0,
          step: 1,
          required: true,
          autofocus: true,
          value: wanted,
          onInput: (event: Event) => setWanted((event.target as HTMLInputElement).value),
        }),
      ),
    ],
  );
}
