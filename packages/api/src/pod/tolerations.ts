/** Which taints a pod bears. */
import type { Taint, Toleration } from "../generated/types/core-v1.ts";

type TaintEffect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator || "Equal") {
    case "Equal":
      return (toleration.value ?? "") === (taint.value ?? "");
    case "Exists":
      return true;
    case "Lt":
    case "Gt":
      return comparesTo(toleration, taint);
    default:
      return false;
  }
}

/** The value of the taint must be below ("Lt") or above ("Gt") that of the toleration. */
function comparesTo(toleration: Toleration, taint: Taint): boolean {
  const [bound, value] = [integer(toleration.value), integer(taint.value)];
  if (bound === undefined || value === undefined) return false;
  return toleration.operator === "Lt" ? value < bound : value > bound;
}

const integer = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;

export const toleratesTaint = (tolerations: readonly Toleration[] | undefined, taint: Taint): boolean =>
  tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false;

/** The first taint of these effects that nothing tolerates. */
export const untoleratedTaint = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly TaintEffect[],
): Taint | undefined =>
  taints?.find((taint) => effects.includes(taint.effect as TaintEffect) && !toleratesTaint(tolerations, taint));
