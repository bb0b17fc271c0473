/**
 * The Workload and the PodGroup of a Job whose pods are to run all together or not at all: found, or made before its first pod.
 * Holds: a Job that has begun without them goes on without them.
 */
import { jobs, podgroups, workloads } from "@kubets/api/generated/refs";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup, Workload } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type ControllerContext, controllerOf, controllerReference, onRelated, ownerReference } from "@kubets/client";
import { dns1123Label, isReason } from "@kubets/machinery";
import { fnv1a32, safeEncode } from "@kubets/machinery/hash";
import { conditionOf } from "../conditions.ts";
import { keyIn } from "../keys.ts";
import { isIndexed } from "./pods.ts";

const BY_JOB = "workloads-of-job";
const BY_WORKLOAD = "groups-of-workload";
const MAX_NAME = 253;

/** So that they are known before the first Job is looked at. */
export const gangWatches = [onRelated(workloads, () => []), onRelated(podgroups, () => [])];

export function indexGangs({ cache }: ControllerContext): void {
  cache
    .informer(workloads)
    .addIndex(BY_JOB, ({ metadata, spec: { controllerRef: ref } }) =>
      ref?.apiGroup === jobs.group && ref.kind === jobs.kind ? [`${metadata.namespace}/${ref.name}`] : [],
    );
  cache.informer(podgroups).addIndex(BY_WORKLOAD, ({ metadata, spec }) => {
    const name = spec.podGroupTemplateRef?.workload?.workloadName;
    return name ? [`${metadata.namespace}/${name}`] : [];
  });
}

/** The group that the Job's pods belong into, if there is one. */
export async function gangOf(job: Job, known: readonly Pod[], context: ControllerContext): Promise<string | undefined> {
  if (!isGang(job)) return undefined;
  const workload = await workloadOf(job, known, context);
  if (workload?.spec.podGroupTemplates.length !== 1) return undefined;
  return (await podGroupOf(job, workload, context))?.metadata.name;
}

/** As many indexes as pods at once: none can go on without the others. */
const isGang = (job: Job): boolean =>
  isIndexed(job) &&
  (job.spec.parallelism ?? 0) > 1 &&
  job.spec.completions === job.spec.parallelism &&
  !job.spec.template.spec.schedulingGroup;

const isNew = ({ status }: Job, known: readonly Pod[]): boolean =>
  known.length === 0 &&
  !status.startTime &&
  !status.succeeded &&
  !status.failed &&
  !conditionOf(status.conditions, "Suspended");

async function workloadOf(job: Job, known: readonly Pod[], context: ControllerContext): Promise<Workload | undefined> {
  const { cache, events } = context;
  const { namespace, name, uid } = job.metadata;
  const there = cache.informer(workloads).indexed(BY_JOB, `${namespace}/${name}`);
  if (there.length > 0) return onlyOwn(job, there);
  if (!isNew(job, known)) return undefined;
  const template = `${name}-pgt-0`;
  const workload = await made(context, workloads, {
    metadata: { namespace, name: named(name, uid), ownerReferences: [controllerReference(job)] },
    spec: {
      controllerRef: { apiGroup: jobs.group, kind: jobs.kind, name },
      podGroupTemplates: [
        {
          name: dns1123Label(template).length ? "pgt-0" : template,
          schedulingPolicy: { gang: { minCount: job.spec.parallelism } },
        },
      ],
    },
  } as unknown as Input<Workload>);
  events.event(job, "Normal", "WorkloadCreated", `Created Workload ${workload.metadata.name} for Job ${name}`);
  return workload;
}

async function podGroupOf(job: Job, workload: Workload, context: ControllerContext): Promise<PodGroup | undefined> {
  const { namespace, name } = workload.metadata;
  const there = context.cache.informer(podgroups).indexed(BY_WORKLOAD, `${namespace}/${name}`);
  if (there.length > 0) return onlyOwn(job, there);
  const [template] = workload.spec.podGroupTemplates;
  if (!template) return undefined;
  return made(context, podgroups, {
    metadata: {
      namespace,
      name: named(`${name}-${template.name}`, name + template.name),
      ownerReferences: [controllerReference(job), ownerReference(workload)],
    },
    spec: {
      podGroupTemplateRef: { workload: { workloadName: name, podGroupTemplateName: template.name } },
      schedulingPolicy: template.schedulingPolicy,
    },
  } as unknown as Input<PodGroup>);
}

/** What others made for the Job, or more than one thing, is not touched: its pods go without. */
function onlyOwn<T extends KubeObject>(job: Job, [one, ...more]: readonly T[]): T | undefined {
  return one && more.length === 0 && controllerOf(one)?.uid === job.metadata.uid ? one : undefined;
}

async function made<T extends KubeObject>(
  { client }: ControllerContext,
  ref: ResourceRef<T>,
  object: Input<T>,
): Promise<T> {
  try {
    return await client.create(ref, object);
  } catch (error) {
    // Made before, and not heard of yet.
    if (isReason(error, "AlreadyExists")) return await client.get(ref, keyIn(object as unknown as T));
    throw error;
  }
}

function named(prefix: string, of: string): string {
  const hash = safeEncode(String(fnv1a32(of)));
  return `${prefix.slice(0, MAX_NAME - hash.length - 1)}-${hash}`;
}
