/** Evicting a pod: a delete that asks the disruption budgets first. */
import { isTrue } from "@kubets/api/condition";
import { poddisruptionbudgets } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodDisruptionBudget } from "@kubets/api/generated/types/policy-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { structOf } from "@kubets/api/schema";
import { badRequest, conflict, internalError, labelSelectorOf, StatusError } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { type ApiCall, storeOf } from "../api-call.ts";
import { readObject } from "../body.ts";
import { existing } from "../present.ts";
import { respondValue } from "../respond.ts";
import type { CachedObject } from "../store/cached-object.ts";
import { admitAction } from "../write/admit.ts";
import { changeObject } from "../write/change.ts";
import { timestamp } from "../write/context.ts";
import { deleteObject } from "../write/delete-object.ts";
import type { DeleteOptions } from "../write/delete-options.ts";
import { success } from "./success.ts";

const EVICTION = {
  group: "policy",
  version: "v1",
  kind: "Eviction",
  schema: structOf("api.policy.v1.Eviction"),
  alsoAs: ["policy/v1beta1"],
};

export async function evict(call: ApiCall): Promise<void> {
  const eviction = (await readObject(call, EVICTION)) as unknown as {
    metadata?: { name?: string };
    deleteOptions?: DeleteOptions;
  };
  if (eviction.metadata?.name && eviction.metadata.name !== call.info.name)
    throw badRequest("name in URL does not match name in Eviction object");
  const options = eviction.deleteOptions ?? {};
  if (options.dryRun?.length) call.dryRun = true;
  await admitAction(call, eviction);
  await storeOf(call).fresh();
  const found = await existing(call);
  checkUid(found.object as Pod, options);
  await spendBudget(call, found.object as Pod);
  const evicting = await markEvicted(call, found);
  await deleteObject({ ...call, isPart: true }, evicting, options);
  respondValue(call, 201, success());
}

function checkUid({ metadata }: Pod, { preconditions }: DeleteOptions): void {
  const { uid } = preconditions ?? {};
  if (uid === undefined || uid === metadata.uid) return;
  const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
  throw conflict({ group: "", resource: "Pod" }, metadata.name, why);
}

/** Says on the pod that it does not end by itself, so that a Job need not count it as failed. */
async function markEvicted(call: ApiCall, found: CachedObject): Promise<CachedObject> {
  if (call.dryRun || (found.object as Pod).metadata.deletionTimestamp) return found;
  const podCall: ApiCall = { ...call, isPart: true, subresource: { type: "part", prepareForUpdate: () => {} } };
  const now = timestamp(call.server.clock.now());
  const marked = await changeObject(
    podCall,
    (old) => withDisruptionTarget(old as Pod, now) as Draft<KubeObject>,
    () => {},
  );
  return marked.stored ?? found;
}

function withDisruptionTarget(pod: Pod, now: string): Draft<Pod> {
  const next = clone(pod) as Draft<Pod>;
  const others = (next.status.conditions ?? []).filter((condition) => condition.type !== "DisruptionTarget");
  const target = {
    type: "DisruptionTarget",
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
    lastProbeTime: null,
    lastTransitionTime: now,
  };
  next.status.conditions = [...others, target];
  return next;
}

/** Takes one disruption from the budget that covers the pod, if there is one; refuses when none is left. */
async function spendBudget(call: ApiCall, pod: Pod): Promise<void> {
  if (!needsBudget(pod)) return;
  const budgets = call.server.view
    .list(poddisruptionbudgets, pod.metadata.namespace)
    .filter((budget) => covers(budget, pod));
  if (budgets.length > 1)
    throw internalError(
      new Error("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."),
    );
  const [budget] = budgets;
  if (!budget || isSparedWhenUnhealthy(budget, pod)) return;
  const resource = call.server.served.get("policy", "v1", "poddisruptionbudgets");
  if (!resource) return;
  const now = timestamp(call.server.clock.now());
  const budgetCall: ApiCall = {
    ...call,
    isPart: true,
    resource,
    subresource: { type: "part", prepareForUpdate: () => {} },
    info: { ...call.info, name: budget.metadata.name },
  };
  await changeObject(budgetCall, (old) => spend(old as PodDisruptionBudget, pod, now) as Draft<KubeObject>);
}

function spend(budget: PodDisruptionBudget, pod: Pod, now: string): Draft<PodDisruptionBudget> {
  const { status, metadata } = budget;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw tooMany(
      `Cannot evict pod as it would violate the pod's disruption budget.`,
      `The disruption budget ${metadata.name} is still being processed by the server.`,
      10,
    );
  if (status.disruptionsAllowed <= 0)
    throw tooMany(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      `The disruption budget ${metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
    );
  const next = clone(budget) as Draft<PodDisruptionBudget>;
  next.status.disruptionsAllowed--;
  next.status.disruptedPods = { ...next.status.disruptedPods, [pod.metadata.name]: now };
  return next;
}

const tooMany = (message: string, cause: string, retryAfterSeconds?: number) =>
  new StatusError({
    code: 429,
    reason: "TooManyRequests",
    message,
    details: {
      causes: [{ reason: "DisruptionBudget", message: cause }],
      ...(retryAfterSeconds && { retryAfterSeconds }),
    },
  });

/** Pods that do not run any more, or not yet, disrupt nothing. */
const needsBudget = ({ status, metadata }: Pod) =>
  !metadata.deletionTimestamp &&
  status.phase !== "Succeeded" &&
  status.phase !== "Failed" &&
  status.phase !== "Pending";

function covers({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  return spec.selector !== undefined && labelSelectorOf(spec.selector).matches(metadata.labels);
}

/** A pod that is not ready may go when the budget says so, or when enough others are healthy. */
function isSparedWhenUnhealthy({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const isReady = isTrue(pod.status.conditions, "Ready");
  if (isReady) return false;
  return (
    spec.unhealthyPodEvictionPolicy === "AlwaysAllow" ||
    (status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0)
  );
}
