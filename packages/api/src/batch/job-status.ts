/** What holds of a job's status: how its counts, times and conditions go together, and which of them never go back. */
import { duplicate, type FieldError, invalidValue, required } from "@kubets/machinery";
import { checkNonNegative } from "../field-checks.ts";
import type { Job, JobSpec, JobStatus } from "../generated/types/batch-v1.ts";
import { commonIndex, countIndexes } from "./indexes.ts";

export const isTrue = ({ conditions }: JobStatus, type: string): boolean =>
  (conditions ?? []).some((condition) => condition.type === type && condition.status === "True");

const isFinished = (status: JobStatus): boolean => isTrue(status, "Complete") || isTrue(status, "Failed");

/** An error of the conditions as a whole, which names no value. */
const conditionsError = (detail: string): FieldError => ({
  type: "FieldValueInvalid",
  field: "status.conditions",
  detail,
});

export function jobStatusErrors({ spec, status }: Job, { status: old, spec: oldSpec }: Job): FieldError[] {
  return [
    ...countErrors(status),
    ...conditionErrors(status),
    ...finishedErrors(status),
    ...indexErrors(status, spec),
    ...((status.ready ?? 0) > (status.active ?? 0)
      ? [invalidValue("status.ready", status.ready, "cannot set more ready pods than active")]
      : []),
    ...changeErrors(status, old, oldSpec),
  ];
}

function countErrors(status: JobStatus): FieldError[] {
  const errors = (["active", "succeeded", "failed", "ready", "terminating"] as const).flatMap((name) =>
    checkNonNegative(`status.${name}`, status[name]),
  );
  const names = new Set<string>();
  for (const part of ["succeeded", "failed"] as const)
    for (const [i, uid] of (status.uncountedTerminatedPods?.[part] ?? []).entries()) {
      const at = `status.uncountedTerminatedPods.${part}[${i}]`;
      if (uid === "") errors.push(invalidValue(at, uid, "must not be empty"));
      else if (names.has(uid)) errors.push(duplicate(at, uid));
      names.add(uid);
    }
  return errors;
}

/** Pairs of conditions that cannot both be true. */
const EXCLUSIVE = [
  ["Complete", "Failed"],
  ["Complete", "FailureTarget"],
  ["Failed", "SuccessCriteriaMet"],
  ["FailureTarget", "SuccessCriteriaMet"],
] as const;

function conditionErrors(status: JobStatus): FieldError[] {
  const { completionTime, startTime } = status;
  const complete = isTrue(status, "Complete");
  const errors = EXCLUSIVE.filter(([a, b]) => isTrue(status, a) && isTrue(status, b)).map(([a, b]) =>
    conditionsError(`cannot set ${a}=True and ${b}=true conditions`),
  );
  const at = "status.completionTime";
  if (completionTime && !complete)
    errors.push(invalidValue(at, completionTime, "cannot set completionTime when there is no Complete=True condition"));
  if (!completionTime && complete) errors.push(required(at, "completionTime is required for Complete jobs"));
  if (completionTime && startTime && completionTime < startTime)
    errors.push(invalidValue(at, completionTime, "completionTime cannot be set before startTime"));
  if (isTrue(status, "Failed") && !isTrue(status, "FailureTarget"))
    errors.push(conditionsError("cannot set Failed=True condition without the FailureTarget=true condition"));
  if (complete && !isTrue(status, "SuccessCriteriaMet"))
    errors.push(conditionsError("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"));
  return errors;
}

function finishedErrors(status: JobStatus): FieldError[] {
  if (!isFinished(status)) return [];
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status;
  const errors: FieldError[] = [];
  if (active > 0) errors.push(invalidValue("status.active", active, "active>0 is invalid for finished job"));
  if (!startTime) errors.push(required("status.startTime", "startTime is required for finished job"));
  if (uncounted?.succeeded?.length || uncounted?.failed?.length) {
    const shown = { Succeeded: uncounted.succeeded ?? null, Failed: uncounted.failed ?? null };
    const detail = "uncountedTerminatedPods needs to be empty for finished job";
    errors.push(invalidValue("status.uncountedTerminatedPods", shown, detail));
  }
  return errors;
}

function indexErrors(status: JobStatus, spec: JobSpec): FieldError[] {
  const { completedIndexes: completed = "", failedIndexes: failed } = status;
  const errors: FieldError[] = [];
  if (spec.completions != null) {
    errors.push(...formatErrors("completedIndexes", completed, spec.completions));
    if (spec.backoffLimitPerIndex != null && failed != null)
      errors.push(...formatErrors("failedIndexes", failed, spec.completions));
  }
  const readable = errors.length === 0;
  if (completed !== "" && spec.completionMode !== "Indexed")
    errors.push(
      invalidValue(
        "status.completedIndexes",
        completed,
        "cannot set non-empty completedIndexes when non-indexed completion mode",
      ),
    );
  if (failed == null) return errors;
  if (spec.backoffLimitPerIndex == null) {
    const detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
    return [...errors, invalidValue("status.failedIndexes", failed, detail)];
  }
  const common = readable ? commonIndex(completed, failed) : undefined;
  if (common !== undefined)
    errors.push(
      invalidValue("status.failedIndexes", failed, `failedIndexes and completedIndexes overlap at index ${common}`),
    );
  return errors;
}

function formatErrors(name: string, text: string, completions: number): FieldError[] {
  try {
    countIndexes(text, completions);
    return [];
  } catch (error) {
    return [invalidValue(`status.${name}`, text, `error parsing ${name}: ${(error as Error).message}`)];
  }
}

function changeErrors(status: JobStatus, old: JobStatus, spec: JobSpec): FieldError[] {
  const errors = ["Failed", "Complete", "FailureTarget"]
    .filter((type) => isTrue(old, type) && !isTrue(status, type))
    .map((type) => conditionsError(`cannot disable the terminal ${type}=True condition`));
  for (const name of ["failed", "succeeded"] as const)
    if ((status[name] ?? 0) < (old[name] ?? 0))
      errors.push(invalidValue(`status.${name}`, status[name] ?? 0, `cannot decrease the ${name} counter`));
  if (old.completionTime && status.completionTime && status.completionTime !== old.completionTime)
    errors.push(invalidValue("status.completionTime", status.completionTime, "field is immutable"));
  errors.push(...startTimeErrors(status, old, spec));
  if (isTrue(old, "SuccessCriteriaMet") && !isTrue(status, "SuccessCriteriaMet"))
    errors.push(conditionsError("cannot disable the SuccessCriteriaMet=True condition"));
  return errors;
}

function startTimeErrors({ startTime }: JobStatus, old: JobStatus, { suspend }: JobSpec): FieldError[] {
  if (!old.startTime || suspend || startTime === old.startTime) return [];
  if (!startTime) return [required("status.startTime", "cannot be removed for unsuspended job")];
  return [invalidValue("status.startTime", startTime, "field is immutable for unsuspended job once set")];
}
