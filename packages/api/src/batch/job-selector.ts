/**
 * How a job knows its pods: by labels with its uid and its name, which the server sets unless the job's own selector is to be used
 * (`manualSelector`). The labels stand there twice, under their names of old and of now.
 */
import { type FieldError, invalidValue, labelSelectorOf, required } from "@kubets/machinery";
import type { Job } from "../generated/types/batch-v1.ts";
import type { Draft } from "../meta.ts";

const UID = "batch.kubernetes.io/controller-uid";
const NAME = "batch.kubernetes.io/job-name";
const OLD_UID = "controller-uid";
const OLD_NAME = "job-name";

/** A job that was given no name is yet to be told so. */
const nameOf = ({ metadata }: Job | Draft<Job>): string => metadata.name ?? "";

const expectedLabels = (job: Job | Draft<Job>): [key: string, value: string][] => [
  [UID, job.metadata.uid],
  [NAME, nameOf(job)],
  [OLD_UID, job.metadata.uid],
  [OLD_NAME, nameOf(job)],
];

/** Labels that a user set are left as they are: validation says if they are wrong. */
export function generateSelector(job: Draft<Job>): void {
  const { spec } = job;
  if (spec.manualSelector) return;
  const template = (spec.template.metadata ??= {});
  template.labels = sorted({ ...Object.fromEntries(expectedLabels(job)), ...template.labels });
  const selector = (spec.selector ??= {});
  selector.matchLabels = sorted({ [UID]: job.metadata.uid, ...selector.matchLabels });
}

/** In the order in which maps are written. */
const sorted = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Jobs of old releases have only the labels of old. */
export function generatedSelectorErrors(job: Job, old?: Job): FieldError[] {
  const { manualSelector, selector, template } = job.spec;
  if (manualSelector || !selector) return [];
  if (!job.metadata.uid) return [required("metadata.uid")];
  const prefixed = !old || old.spec.template.metadata?.labels?.[UID] !== undefined;
  const expected = expectedLabels(job).filter(([key]) => prefixed || !key.includes("/"));
  const labels = template.metadata?.labels;
  const errors = expected.flatMap(([key, value]) => {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels?.[key] === undefined) return [required(field, `must be '${value}'`)];
    return labels[key] === value ? [] : [invalidValue(field, labels, `must be '${value}'`)];
  });
  if (!matches(job, Object.fromEntries(expected)))
    errors.push(invalidValue("spec.selector", selector, "`selector` not auto-generated"));
  return errors;
}

export function selectsOwnTemplate(job: Job): FieldError[] {
  const labels = job.spec.template.metadata?.labels;
  if (matches(job, labels)) return [];
  const detail = "`selector` does not match template `labels`";
  return [invalidValue("spec.template.metadata.labels", labels ?? null, detail)];
}

/** An invalid selector is another check's to tell. */
function matches({ spec }: Job, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return labelSelectorOf(spec.selector).matches(labels);
  } catch {
    return true;
  }
}
