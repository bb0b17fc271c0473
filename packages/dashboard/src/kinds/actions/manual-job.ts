/** The job that a cron job would make now, as `kubectl create job --from` makes it. */
import type { KubeObject, ObjectMeta } from "../../server/object.ts";

interface CronJob extends KubeObject {
  readonly spec?: { readonly jobTemplate?: { readonly metadata?: ObjectMeta; readonly spec?: unknown } };
}

export function manualJob(cronJob: KubeObject, name: string): KubeObject {
  const { metadata, spec } = (cronJob as CronJob).spec?.jobTemplate ?? {};
  const { namespace, name: owner = "", uid = "" } = cronJob.metadata;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace,
      labels: metadata?.labels,
      annotations: { "cronjob.kubernetes.io/instantiate": "manual", ...metadata?.annotations },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: owner, uid, controller: true }],
    },
    spec,
  };
}

/** Names of jobs have to fit into a label. */
const LONGEST = 63;

export function nameForJob({ metadata: { name = "" } }: KubeObject, distinct: string): string {
  const ending = `-manual-${distinct}`;
  return name.slice(0, LONGEST - ending.length).replace(/[-.]+$/, "") + ending;
}
