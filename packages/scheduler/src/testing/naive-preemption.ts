/** Preemption as dumb as can be, to compare with: for each node all pods of lower priority go on trial, and come back one by one as long as the pod fits. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodDisruptionBudget } from "@kubets/api/generated/types/policy-v1";
import { labelSelectorOf } from "@kubets/machinery/label-selector";
import { type NaiveCluster, refusalOf } from "./naive-scheduler.ts";

/** What could be changed by the going of pods. */
const CURABLE =
  /^(Insufficient .*|Too many pods|node\(s\) didn't (have free ports for the requested pod ports|match pod anti-affinity rules|satisfy existing pods anti-affinity rules|match pod topology spread constraints))$/;

/** The ways that do the least harm, as the names of those who go, sorted. */
export function preemptNaively(cluster: NaiveCluster, pod: Pod, budgets: readonly PodDisruptionBudget[]): string[][] {
  const ways = cluster.nodes.flatMap((node) => {
    const reasons = refusalOf(cluster, pod, node)?.split("+") ?? [];
    if (!reasons.every((reason) => CURABLE.test(reason))) return [];
    const stays = (gone: readonly Pod[]) => ({
      ...cluster,
      pods: cluster.pods.filter((other) => !gone.includes(other)),
    });
    const isOn = ({ spec }: Pod) => spec.nodeName === node.metadata.name;
    const lower = cluster.pods.filter((other) => isOn(other) && priorityOf(other) < priorityOf(pod));
    let gone = lower;
    if (lower.length === 0 || refusalOf(stays(gone), pod, node)) return [];
    const covered = beyondBudgets([...lower].sort(moreImportantFirst), budgets);
    for (const first of [true, false])
      for (const other of [...lower].sort(moreImportantFirst).filter((each) => covered.has(each) === first)) {
        const without = gone.filter((each) => each !== other);
        if (!refusalOf(stays(without), pod, node)) gone = without;
      }
    return [{ gone: [...gone].sort(moreImportantFirst), broken: gone.filter((each) => covered.has(each)).length }];
  });
  const harms = ways.map(({ gone, broken }) => [
    broken,
    priorityOf(gone[0] as Pod),
    gone.reduce((sum, each) => sum + priorityOf(each) + 2 ** 31, 0),
    gone.length,
    -Math.min(...gone.filter((each) => priorityOf(each) === priorityOf(gone[0] as Pod)).map(startOf)),
  ]);
  const least = harms.toSorted(compare)[0];
  return ways
    .filter((_, i) => compare(harms[i] as number[], least as number[]) === 0)
    .map(({ gone }) => gone.map(({ metadata }) => metadata.name).sort());
}

const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0;
const startOf = ({ status }: Pod): number => Date.parse(status.startTime ?? "9999-01-01T00:00:00Z");
const moreImportantFirst = (a: Pod, b: Pod): number => priorityOf(b) - priorityOf(a) || startOf(a) - startOf(b);

/** Those that a budget does not let go, when the more important ones have gone. */
function beyondBudgets(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): Set<Pod> {
  const beyond = new Set<Pod>();
  for (const { metadata, spec, status } of budgets) {
    const selected = pods.filter(
      ({ metadata: { namespace, labels } }) =>
        namespace === metadata.namespace && labelSelectorOf(spec.selector).matches(labels ?? {}),
    );
    for (const each of selected.slice(status.disruptionsAllowed)) beyond.add(each);
  }
  return beyond;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] as number);
  return 0;
}
