/** Putting lists of tolerations together: one that another one covers is left out. */
import type { Toleration } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { deepEqual } from "@kubets/machinery";

export function mergeTolerations(
  own: readonly Draft<Toleration>[],
  more: readonly Draft<Toleration>[],
): Draft<Toleration>[] {
  const all = [...own, ...more];
  const merged: Draft<Toleration>[] = [];
  all.forEach((toleration, i) => {
    const later = all.slice(i + 1).some((other) => !deepEqual(other, toleration) && covers(other, toleration));
    if (!later && !merged.some((other) => covers(other, toleration))) merged.push(toleration);
  });
  return merged;
}

/** Whether the first bears everything that the second bears. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  const anyKey = !wide.key && wide.operator === "Exists";
  if ((narrow.key ?? "") !== (wide.key ?? "") && !anyKey) return false;
  if (wide.effect && narrow.effect !== wide.effect) return false;
  if (wide.effect === "NoExecute" && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === "Exists") return true;
  const equal = (operator: string | undefined) => !operator || operator === "Equal";
  return equal(wide.operator) && equal(narrow.operator) && (narrow.value ?? "") === (wide.value ?? "");
}
