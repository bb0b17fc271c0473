/**
 * Keeps the status of disruption budgets, by which evictions are allowed or refused.
 * Owns: their status. Watches: budgets, pods, and what owns pods.
 * Holds: an eviction that was allowed counts as a pod lost until it is gone; when it is unsure, nothing is allowed.
 */
import {
  deployments,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  statefulsets,
} from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodDisruptionBudget } from "@kubets/api/generated/types/policy-v1";
import type { KubeObject } from "@kubets/api/meta";
import { type Controller, type ControllerContext, keyOf, on, onRelated, type Requeue } from "@kubets/client";
import { labelSelectorOf } from "@kubets/machinery";
import { errorText } from "../error-text.ts";
import { writeStatus } from "../write-status.ts";
import { expectedPods } from "./expected-pods.ts";
import { asksForScale, budgetStatus, failedStatus, stillDisrupted } from "./plan.ts";

const selects = ({ spec }: PodDisruptionBudget, pod: Pod): boolean =>
  labelSelectorOf(spec.selector).matches(pod.metadata.labels);

const budgetsOf = (namespace: string, { cache }: ControllerContext) => cache.list(poddisruptionbudgets, namespace);

/** What is wanted has changed: budgets that go by it count anew. */
const onScale = (object: KubeObject, old: KubeObject | undefined, context: ControllerContext): readonly string[] => {
  const wanted = (each: KubeObject | undefined) =>
    (each as { spec?: { replicas?: number } } | undefined)?.spec?.replicas;
  if (old && wanted(object) === wanted(old)) return [];
  return budgetsOf(object.metadata.namespace ?? "", context)
    .filter(asksForScale)
    .map(keyOf);
};

export const disruptionController = (): Controller => ({
  name: "disruption",
  watches: [
    on(poddisruptionbudgets),
    onRelated(pods, (pod, old, context) =>
      budgetsOf(pod.metadata.namespace, context)
        .filter((budget) => selects(budget, pod) || (old && selects(budget, old)))
        .map(keyOf),
    ),
    onRelated(deployments, onScale),
    onRelated(replicasets, onScale),
    onRelated(statefulsets, onScale),
    onRelated(replicationcontrollers, onScale),
  ],
  reconcile,
});

async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
  const context = { ...base, events: base.events.as("controllermanager") };
  const { cache, client, clock, events } = context;
  const budget = cache.get(poddisruptionbudgets, key);
  if (!budget) return;
  const now = clock.now();
  const selected = cache
    .list(pods, budget.metadata.namespace)
    .filter((pod) => selects(budget, pod) && pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed");
  if (selected.length === 0) events.event(budget, "Normal", "NoPods", "No matching pods found");
  let expected: number;
  try {
    expected = asksForScale(budget) ? await wantedPods(budget, selected, context) : selected.length;
  } catch (error) {
    events.event(
      budget,
      "Warning",
      "CalculateExpectedPodCountFailed",
      `Failed to calculate the number of expected pods: ${errorText(error)}`,
    );
    await writeStatus(client, poddisruptionbudgets, budget, failedStatus(budget, errorText(error), now));
    throw error;
  }
  await writeStatus(client, poddisruptionbudgets, budget, budgetStatus(budget, selected, expected, now));
  const { waitsUntil } = stillDisrupted(budget, selected, now);
  return waitsUntil === undefined ? undefined : { requeueAfterMs: waitsUntil - now };
}

async function wantedPods(
  budget: PodDisruptionBudget,
  selected: readonly Pod[],
  context: ControllerContext,
): Promise<number> {
  const { count, unmanaged } = await expectedPods(selected, context);
  if (unmanaged.length > 0) {
    const selector = labelSelectorOf(budget.spec.selector).toString();
    const names = unmanaged.map(({ metadata }) => metadata.name).join(", ");
    context.events.event(
      budget,
      "Warning",
      "UnmanagedPods",
      `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged or managed by an unsupported controller. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value. Pods: ${names}`,
    );
  }
  return count;
}
