/** Defaults of what claims a volume; claims, and the templates of claims in pods and StatefulSets. */
import type { PersistentVolumeClaimSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { roundResources } from "./round-resources.ts";

export function defaultClaimSpec(spec: Draft<PersistentVolumeClaimSpec>): void {
  spec.volumeMode ??= "Filesystem";
  roundResources(spec.resources?.limits);
  roundResources(spec.resources?.requests);
}
