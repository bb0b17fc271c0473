/** Elections in which the holder of a lease is chosen by a strategy. */
import { type FieldError, notSupported, qualifiedName } from "@kubets/machinery";
import { checkForm } from "../field-checks.ts";

/** The gate of them all. */
export const ELECTION = "CoordinatedLeaderElection";

const STRATEGIES = ["OldestEmulationVersion"];

/** One of Kubernetes' own, or anybody's with a prefix. The field is named twice: so it is in the original. */
export function strategyErrors(strategy: string, field: string): FieldError[] {
  const at = `${field}.strategy`;
  if (strategy.includes("/")) return checkForm(at, strategy, qualifiedName);
  return STRATEGIES.includes(strategy) ? [] : [notSupported(at, strategy, STRATEGIES)];
}
