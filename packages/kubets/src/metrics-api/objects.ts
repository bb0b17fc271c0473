/** The objects of metrics.k8s.io: what nodes and pods use, and discovery of them. Pure. */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { milliQuantity, Quantity } from "@kubets/machinery/quantity";
import { formatTime } from "@kubets/machinery/time";
import type { Usage } from "./usage.ts";

export const GROUP = "metrics.k8s.io";
export const VERSION = "v1beta1";
const apiVersion = `${GROUP}/${VERSION}`;

export const groupVersions = {
  kind: "APIGroup",
  apiVersion: "v1",
  name: GROUP,
  versions: [{ groupVersion: apiVersion, version: VERSION }],
  preferredVersion: { groupVersion: apiVersion, version: VERSION },
};

export const resources = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: apiVersion,
  resources: [
    { name: "nodes", singularName: "", namespaced: false, kind: "NodeMetrics", verbs: ["get", "list"] },
    { name: "pods", singularName: "", namespaced: true, kind: "PodMetrics", verbs: ["get", "list"] },
  ],
};

type Usages = ReadonlyMap<string, Usage>;

const amounts = ({ nanoCores, memoryBytes }: Usage) => ({
  cpu: nanoCores % 1_000_000 === 0 ? milliQuantity(nanoCores / 1_000_000).toString() : `${nanoCores}n`,
  memory: new Quantity(Math.floor(memoryBytes / 1024) * 1024, 0, "BinarySI").toString(),
});

const measured = ({ at, windowMs }: Usage) => ({
  timestamp: formatTime(at),
  window: `${Number((windowMs / 1000).toFixed(3))}s`,
});

/** Nothing for a node of which nothing is known. */
export function nodeMetrics({ metadata: { name, labels } }: Node, usages: Usages, now: number): object | undefined {
  const usage = usages.get("node");
  return (
    usage && {
      kind: "NodeMetrics",
      apiVersion,
      metadata: { name, creationTimestamp: formatTime(now), ...(labels && { labels }) },
      ...measured(usage),
      usage: amounts(usage),
    }
  );
}

/** Nothing until all of its running containers have been measured. */
export function podMetrics({ metadata, status }: Pod, usages: Usages, now: number): object | undefined {
  const { name, namespace, labels } = metadata;
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const running = statuses.filter(({ state }) => state.running);
  const found = running.map((each) => [each.name, usages.get(`${namespace}/${name}/${each.name}`)] as const);
  const [, first] = found[0] ?? [];
  if (!first || found.some(([, usage]) => !usage)) return undefined;
  return {
    kind: "PodMetrics",
    apiVersion,
    metadata: { name, namespace, creationTimestamp: formatTime(now), ...(labels && { labels }) },
    ...measured(first),
    containers: found.map(([container, usage]) => ({ name: container, usage: amounts(usage as Usage) })),
  };
}

export const listOf = (kind: string, items: readonly object[]) => ({ kind, apiVersion, metadata: {}, items });
