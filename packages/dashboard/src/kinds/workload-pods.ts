/** Which pods a workload has. Pure. */
import { type LabelSelectorObject, labelSelectorOf, selectorFromSet } from "@kubets/machinery/label-selector";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";
import { isOneOf } from "./kind-name.ts";

interface Workload {
  readonly spec?: { readonly selector?: LabelSelectorObject };
}

const WITH_SELECTOR = ["deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"];

/** The label selector as lists take it; undefined for what has no pods. */
export function podSelectorOf(kind: Kind, object: KubeObject): string | undefined {
  const { selector } = (object as Workload).spec ?? {};
  if (!selector) return undefined;
  if (isOneOf(kind, ["replicationcontrollers"])) return selectorFromSet({ ...selector } as never).toString();
  return isOneOf(kind, WITH_SELECTOR) ? labelSelectorOf(selector).toString() : undefined;
}
