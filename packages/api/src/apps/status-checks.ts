/** What holds of the counts in a workload's status. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { checkNonNegative } from "../field-checks.ts";

type Counts = Readonly<Record<string, number | undefined>>;

export const countErrors = (status: object, fields: readonly string[]): FieldError[] =>
  fields.flatMap((name) => checkNonNegative(`status.${name}`, (status as Counts)[name]));

/** Parts of the replicas are no more than these. */
export function partErrors(status: object, fields: readonly string[]): FieldError[] {
  const { replicas = 0, ...counts } = status as Counts;
  return fields
    .filter((name) => (counts[name] ?? 0) > replicas)
    .map((name) => invalidValue(`status.${name}`, counts[name], "cannot be greater than status.replicas"));
}

export function availableErrors(status: object, readyField: string): FieldError[] {
  const { availableReplicas = 0, readyReplicas = 0 } = status as Counts;
  if (availableReplicas <= readyReplicas) return [];
  return [invalidValue("status.availableReplicas", availableReplicas, `cannot be greater than ${readyField}`)];
}

/** Names of what the workload makes are made unique by this count: it never goes back. */
export function collisionErrors(status: object, old: object): FieldError[] {
  const { collisionCount } = status as Counts;
  const { collisionCount: before } = old as Counts;
  if (before == null || (collisionCount != null && collisionCount >= before)) return [];
  return [invalidValue("status.collisionCount", collisionCount ?? 0, "cannot be decremented")];
}
