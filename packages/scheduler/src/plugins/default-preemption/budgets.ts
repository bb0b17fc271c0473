/** Which of some pods a disruption budget protects: those beyond what it still allows. */
import type { PodDisruptionBudget } from "@kubets/api/generated/types/policy-v1";
import { type LabelSelector, labelSelectorOf } from "@kubets/machinery/label-selector";
import type { PodInfo } from "../../framework/pod-info.ts";

export interface Budget {
  readonly namespace: string;
  readonly selector: LabelSelector;
  readonly allowed: number;
  /** Disruptions that are under way and counted already. */
  readonly disrupted: ReadonlySet<string>;
}

export const budgetsOf = (objects: readonly PodDisruptionBudget[]): Budget[] =>
  objects.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    selector: labelSelectorOf(spec.selector),
    allowed: status?.disruptionsAllowed ?? 0,
    disrupted: new Set(Object.keys(status?.disruptedPods ?? {})),
  }));

interface Split<T> {
  readonly violating: T[];
  readonly free: T[];
}

/** Goes through the pods in their order, taking from each budget that covers one. */
export const splitByBudgets = (pods: readonly PodInfo[], budgets: readonly Budget[]): Split<PodInfo> =>
  split(pods, budgets, (info, violates) => violates(info));

/** The same for pods that go together or not at all: with one of them a budget protects all. */
export const splitUnitsByBudgets = <T extends { readonly pods: readonly PodInfo[] }>(
  units: readonly T[],
  budgets: readonly Budget[],
): Split<T> => split(units, budgets, ({ pods }, violates) => pods.filter(violates).length > 0);

function split<T>(
  list: readonly T[],
  budgets: readonly Budget[],
  isProtected: (item: T, violates: (pod: PodInfo) => boolean) => boolean,
): Split<T> {
  const left = budgets.map(({ allowed }) => allowed);
  const violates = (info: PodInfo): boolean => {
    let found = false;
    for (const [i, budget] of budgets.entries()) {
      if (!covers(budget, info)) continue;
      left[i] = (left[i] as number) - 1;
      if ((left[i] as number) < 0) found = true;
    }
    return found;
  };
  const split: Split<T> = { violating: [], free: [] };
  for (const item of list) (isProtected(item, violates) ? split.violating : split.free).push(item);
  return split;
}

/** A pod without labels is in no budget, nor is one that a budget without demands would select. */
function covers({ namespace, selector, disrupted }: Budget, { pod }: PodInfo): boolean {
  const { name, labels } = pod.metadata;
  if (!labels || Object.keys(labels).length === 0 || pod.metadata.namespace !== namespace) return false;
  return !selector.isEmpty() && selector.matches(labels) && !disrupted.has(name);
}
