/** A pod as a Job makes it: with the finalizer by which it is counted, its index where it has one, and the group that it runs together with. */
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Container, EnvVar } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { type NewPod, namePrefix, podFromTemplate } from "../pods/pod-from-template.ts";
import { FAILURE_COUNT, IGNORED_FAILURE_COUNT, INDEX, TRACKING } from "./names.ts";
import type { NewJobPod } from "./plan.ts";

const INDEX_VARIABLE = "JOB_COMPLETION_INDEX";
const MAX_NAME = 63;
const SUFFIX = 5;

export function podOfJob(job: Job, { index, failures, ignoredFailures }: NewJobPod, podGroupName?: string): NewPod {
  const pod = podFromTemplate(job.spec.template, job);
  if (podGroupName) pod.spec.schedulingGroup = { podGroupName };
  pod.metadata.finalizers = [...new Set([...(pod.metadata.finalizers ?? []), TRACKING])];
  if (index === undefined) return pod;
  const { name } = job.metadata;
  const base = name.slice(0, MAX_NAME - SUFFIX - String(index).length - 2);
  pod.metadata.generateName = namePrefix(`${base}-${index}`);
  pod.metadata.annotations[INDEX] = String(index);
  pod.metadata.labels[INDEX] = String(index);
  if (failures !== undefined) pod.metadata.annotations[FAILURE_COUNT] = String(failures);
  if (ignoredFailures !== undefined) pod.metadata.annotations[IGNORED_FAILURE_COUNT] = String(ignoredFailures);
  pod.spec.hostname = `${name}-${index}`;
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) addIndexVariable(container);
  return pod;
}

function addIndexVariable(container: Draft<Container>): void {
  if (container.env?.some(({ name }) => name === INDEX_VARIABLE)) return;
  const variable: EnvVar = {
    name: INDEX_VARIABLE,
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } },
  };
  container.env = [...(container.env ?? []), variable as Draft<EnvVar>];
}
