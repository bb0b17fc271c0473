/** What the validation of a pod's spec must know beside the spec. */
import type { PodSpec, Volume } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";

export interface ContainerContext {
  readonly write: WriteContext;
  readonly spec: PodSpec;
  /** Only those that are valid: a mount of another one is of nothing. */
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claimNames: ReadonlySet<string>;
  readonly graceSeconds: number;
}
