/** What nodes may give, what of it pods asked for, and what they use where that is measured. */
import { type ComponentChild, h } from "preact";
import { amountOf, showBytes, showCount, showCpu, sum } from "../../reckoning/amounts.ts";
import type { NodeBrief } from "../../reckoning/node-state.ts";
import type { PodCount } from "../../reckoning/pod-count.ts";
import { AmountMeter } from "../amount-meter.ts";
import { type NodeMetrics, useMetrics } from "../polled.ts";
import { Section } from "../section.ts";

interface CapacityProps {
  readonly nodes: readonly NodeBrief[];
  /** Undefined where they cannot be seen, or not yet. */
  readonly pods: PodCount | undefined;
}

export function Capacity({ nodes, pods }: CapacityProps): ComponentChild {
  const metrics = useMetrics<{ readonly items: readonly NodeMetrics[] }>("/nodes");
  const used = (resource: string) => metrics && sum(metrics.items.map(({ usage }) => amountOf(usage[resource])));
  const soFar = pods && !pods.isWhole ? " so far" : "";
  const tile = (
    title: string,
    of: number,
    show: (amount: number) => string,
    amounts: Readonly<Record<string, number | undefined>>,
  ) =>
    Object.values(amounts).some((amount) => amount !== undefined) &&
    h(
      Section,
      { title },
      Object.entries(amounts).map(
        ([label, amount]) => amount !== undefined && h(AmountMeter, { key: label, label, amount, of, show }),
      ),
    );
  return [
    tile("CPU", sum(nodes.map(({ cpu }) => cpu)), showCpu, {
      [`requested${soFar}`]: pods?.cpu,
      used: used("cpu"),
    }),
    tile("Memory", sum(nodes.map(({ memory }) => memory)), showBytes, {
      [`requested${soFar}`]: pods?.memory,
      used: used("memory"),
    }),
    tile("Places for pods", sum(nodes.map((node) => node.pods)), showCount, {
      [`taken${soFar}`]: pods?.holding,
    }),
  ];
}
