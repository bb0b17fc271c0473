/** Workloads that have fewer pods than they should, have not taken up their last change, or failed. */
import type { DaemonSet, Deployment, StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import { type ComponentChild, h } from "preact";
import { DAEMON_SETS, DEPLOYMENTS, JOBS, STATEFUL_SETS } from "../../kind-names.ts";
import {
  daemonSetProgress,
  deploymentProgress,
  jobProgress,
  type Progress,
  statefulSetProgress,
} from "../../reckoning/workload-state.ts";
import type { KindName } from "../../route.ts";
import { asBriefs, type Form } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import type { KubeObject } from "../../server/object.ts";
import { Grid } from "../grid.ts";
import { useFollowed } from "../hooks.ts";
import { ObjectLink, type Reference } from "../object-link.ts";
import { Section } from "../section.ts";
import { unseen } from "../unseen.ts";

type Brief = Progress & { readonly ref: Reference };

const briefs = <T extends KubeObject>(kind: string, apiVersion: string, progress: (object: T) => Progress) =>
  asBriefs<T, Brief>((object) => ({
    ...progress(object),
    ref: { kind, apiVersion, namespace: object.metadata.namespace, name: object.metadata.name },
  }));

const FOLLOWED: readonly (readonly [what: string, kind: KindName, form: Form<Brief>])[] = [
  ["Deployments", DEPLOYMENTS, briefs<Deployment>("Deployment", "apps/v1", deploymentProgress)],
  ["StatefulSets", STATEFUL_SETS, briefs<StatefulSet>("StatefulSet", "apps/v1", statefulSetProgress)],
  ["DaemonSets", DAEMON_SETS, briefs<DaemonSet>("DaemonSet", "apps/v1", daemonSetProgress)],
  ["Jobs", JOBS, briefs<Job>("Job", "batch/v1", jobProgress)],
];

const SHOWN = 20;

export function Workloads(): ComponentChild {
  // The list is the same for good, so that the hooks are.
  const all = FOLLOWED.map(([what, kind, form]) => ({ what, found: useFollowed({ path: pathOf(kind) }, form) }));
  const incomplete = all.flatMap(({ found }) => found.items.filter(({ isComplete }) => !isComplete));
  const isRead = all.every(({ found }) => found.phase !== "loading") && all.some(({ found }) => !found.failure);
  return h(
    Section,
    { title: "Workloads" },
    all.map(({ what, found }) => h("div", { key: what }, unseen(found, what))),
    isRead && incomplete.length === 0 && h("p", { class: "quiet" }, "All that can be seen are complete."),
    incomplete.length > 0 &&
      h(Grid, {
        titles: ["Kind", "Namespace", "Name", "Ready", "Why"],
        rows: incomplete
          .slice(0, SHOWN)
          .map(({ ref, ready, wanted, why }) => [
            ref.kind,
            ref.namespace,
            h(ObjectLink, { to: ref }),
            h("span", { class: why ? "bad" : "busy" }, `${ready}/${wanted}`),
            why,
          ]),
      }),
    incomplete.length > SHOWN && h("p", { class: "quiet" }, `and ${incomplete.length - SHOWN} more`),
  );
}
