/** Which pods a workload has. Pure. */
import { isOneOf } from "../kind-names.ts";
import { selectorText } from "../reckoning/selector-text.ts";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";

const WITH_SELECTOR = ["deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"];

/** The label selector as lists take it; undefined for what has no pods. */
export function podSelectorOf(kind: Kind, { spec }: KubeObject): string | undefined {
  const { selector } = (spec ?? {}) as { readonly selector?: object };
  if (!selector) return undefined;
  // The oldest of them says its labels and no more.
  if (isOneOf(kind, ["replicationcontrollers"])) return selectorText({ matchLabels: { ...selector } });
  return isOneOf(kind, WITH_SELECTOR) ? selectorText(selector) : undefined;
}
