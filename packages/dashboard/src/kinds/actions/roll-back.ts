/** Brings a workload back to a former revision of its pods. */
import type { LabelSelector } from "@kubets/api/generated/types/meta-v1";
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { CONTROLLER_REVISIONS, isOneOf, REPLICA_SETS } from "../../kind-names.ts";
import { Dialog } from "../../parts/dialog.ts";
import { useCluster, useLoaded, useTry } from "../../parts/hooks.ts";
import { FailureBox, Loading } from "../../parts/messages.ts";
import { selectorText } from "../../reckoning/selector-text.ts";
import { patchObject } from "../../server/change.ts";
import { pathOf } from "../../server/kinds.ts";
import type { KubeObject } from "../../server/object.ts";
import { queryText } from "../../server/server.ts";
import type { Action, ActionDialog } from "../actions.ts";
import { type Revision, revisionsOf } from "./revisions.ts";

interface Workload {
  readonly spec?: { readonly paused?: boolean; readonly selector?: LabelSelector };
}

export const rollBack: Action = {
  title: "Roll back …",
  dialog: RollBackDialog,
  // One that is held would not do it.
  appliesTo: (kind, object) =>
    isOneOf(kind, ["deployments.apps", "statefulsets.apps", "daemonsets.apps"]) && !(object as Workload).spec?.paused,
};

function RollBackDialog({ kind, object, close }: ActionDialog): ComponentChild {
  const { server } = useCluster();
  const attempt = useTry();
  const { namespace, name } = object.metadata;
  const found = useLoaded("revisions", async (signal) => {
    const below = kind.kind === "Deployment" ? REPLICA_SETS : CONTROLLER_REVISIONS;
    const labelSelector = selectorText((object as Workload).spec?.selector ?? {});
    const path = `${pathOf(below, namespace)}${queryText({ labelSelector })}`;
    const { items = [] } = await server.json<{ readonly items?: readonly KubeObject[] }>(path, { signal });
    return revisionsOf(object, items);
  });
  const [present, ...former] = found.value ?? [];
  const [picked, setPicked] = useState<number>();
  const target = former.find(({ revision }) => revision === picked) ?? former[0];
  const run = () =>
    attempt(async () => {
      if (!target) return undefined;
      await patchObject(server, kind, object, target.patch);
      return `${kind.kind} ${name} goes back to revision ${target.revision}`;
    });
  return h(
    Dialog,
    { title: `Roll back ${kind.kind} ${name}`, action: "Roll back", danger: true, disabled: !target, run, close },
    found.failure && h(FailureBox, { failure: found.failure }),
    !found.value && !found.failure && h(Loading, { what: "its revisions" }),
    found.value && !target && h("p", null, "It has no former revision."),
    present &&
      target && [
        h("p", { key: "present" }, `Now it is at ${textOf(present)}.`),
        h(
          "fieldset",
          { key: "former" },
          h("legend", null, "Back to"),
          former.map((each) =>
            h(
              "label",
              { key: each.revision, class: "choice" },
              h("input", {
                type: "radio",
                name: "revision",
                checked: each === target,
                onChange: () => setPicked(each.revision),
              }),
              ` ${textOf(each)}`,
            ),
          ),
        ),
      ],
  );
}

const textOf = ({ revision, images, cause }: Revision): string =>
  `revision ${revision}: ${images.join(", ")}${cause && ` (${cause})`}`;
