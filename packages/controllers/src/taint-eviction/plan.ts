/** How long a pod may stay on a node with these taints. */
import type { Node, Pod, Taint, Toleration } from "@kubets/api/generated/types/core-v1";
import { tolerates } from "@kubets/api/pod/tolerations";

export const noExecuteTaints = ({ spec }: Pick<Node, "spec">): readonly Taint[] =>
  (spec.taints ?? []).filter(({ effect }) => effect === "NoExecute");

/** In milliseconds; undefined: as long as it likes; 0: it must go. */
export function mayStay({ spec }: Pod, taints: readonly Taint[]): number | undefined {
  if (taints.length === 0) return undefined;
  let shortest: number | undefined;
  for (const taint of taints) {
    const tolerating = (spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (tolerating.length === 0) return 0;
    const bound = shortestOf(tolerating);
    if (bound !== undefined && (shortest === undefined || bound < shortest)) shortest = bound;
  }
  return shortest;
}

function shortestOf(tolerations: readonly Toleration[]): number | undefined {
  let shortest: number | undefined;
  for (const { tolerationSeconds } of tolerations) {
    if (tolerationSeconds === undefined) continue;
    const ms = Math.max(0, Number(tolerationSeconds)) * 1000;
    if (shortest === undefined || ms < shortest) shortest = ms;
  }
  return shortest;
}
