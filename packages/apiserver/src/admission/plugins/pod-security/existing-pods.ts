/** Tells who tightens a namespace which of its pods would not be let in again. They go on running. */
import { pods } from "@kubets/api/generated/refs";
import type { AdmissionRequest, ClusterView } from "../../plugin.ts";
import { podUnderCheck } from "./check.ts";
import { evaluatePod, reasonsOf } from "./evaluate.ts";
import { isLooser, type LevelVersion, shownPolicy } from "./policy.ts";

/** More would make a change of a label take long. */
const MOST_PODS = 3000;

export function warnOfExistingPods(
  request: AdmissionRequest,
  now: LevelVersion,
  before: LevelVersion,
  view: ClusterView,
): void {
  if (isLooser(now, before)) return;
  const found = view.list(pods, request.name);
  const named = new Map<string, string[]>();
  for (const pod of found.slice(0, MOST_PODS)) {
    const reasons = reasonsOf(evaluatePod(podUnderCheck(pod.spec, pod.metadata.annotations), now));
    if (reasons) named.set(reasons, [...(named.get(reasons) ?? []), pod.metadata.name]);
  }
  if (named.size === 0) return;
  if (found.length > MOST_PODS)
    request.warn(
      `new PodSecurity enforce level only checked against the first ${MOST_PODS} of ${found.length} existing pods`,
    );
  request.warn(
    `existing pods in namespace ${JSON.stringify(request.name)} violate the new PodSecurity enforce level ${shownPolicy(now)}`,
  );
  for (const [reasons, names] of named) request.warn(`${shownPods(names)}: ${reasons}`);
}

function shownPods([first, ...others]: readonly string[]): string {
  if (others.length === 0) return first ?? "";
  return `${first} (and ${others.length} other ${others.length === 1 ? "pod" : "pods"})`;
}
