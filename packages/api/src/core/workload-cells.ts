/** What tables tell of the pods of a workload. */
import type { PodSpec } from "../generated/types/core-v1.ts";

export const containerNames = (spec: PodSpec | undefined): string =>
  (spec?.containers ?? []).map(({ name }) => name).join(",");

export const imageNames = (spec: PodSpec | undefined): string =>
  (spec?.containers ?? []).map(({ image }) => image ?? "").join(",");

/** "a=b,c=d" in order, or "<none>". */
export const labelText = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "<none>";
