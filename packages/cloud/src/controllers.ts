/** The one list of the controllers of a cloud: their names as --controllers takes them, and which part of a provider each needs. */
import type { Controller } from "@kubets/client";
import { cloudNodes } from "./node/controller.ts";
import { cloudNodeLifecycle } from "./node-lifecycle/controller.ts";
import type { CloudProvider } from "./provider.ts";
import { cloudRoutes } from "./route/controller.ts";
import { serviceController } from "./service/controller.ts";

export interface CloudOptions {
  readonly nodeStatusUpdateMs: number;
  readonly nodeMonitorMs: number;
  /** Empty: no routes are made. */
  readonly clusterCidrs: readonly string[];
  readonly routePeriodMs: number;
  readonly nodesAtOnce: number;
  readonly servicesAtOnce: number;
}

interface Entry {
  readonly name: string;
  readonly alias: string;
  make(provider: CloudProvider, options: CloudOptions): Controller | undefined;
}

export const cloudControllers: readonly Entry[] = [
  {
    name: "cloud-node-controller",
    alias: "cloud-node",
    make: ({ instances }, { nodeStatusUpdateMs, nodesAtOnce: workers }) =>
      instances && { ...cloudNodes(instances, nodeStatusUpdateMs), workers },
  },
  {
    name: "cloud-node-lifecycle-controller",
    alias: "cloud-node-lifecycle",
    make: ({ instances }, options) => instances && cloudNodeLifecycle(instances, options.nodeMonitorMs),
  },
  {
    name: "service-lb-controller",
    alias: "service",
    make: ({ loadBalancers }, { servicesAtOnce: workers }) =>
      loadBalancers && { ...serviceController(loadBalancers), workers },
  },
  {
    name: "node-route-controller",
    alias: "route",
    make: ({ routes }, { clusterCidrs, routePeriodMs }) =>
      routes && clusterCidrs.length ? cloudRoutes(routes, clusterCidrs, routePeriodMs) : undefined,
  },
];

/** Those that run: chosen by the patterns ("*", "name", "-name"; what comes first counts), and served by the provider. */
export function controllersFor(
  provider: CloudProvider,
  options: CloudOptions,
  patterns: readonly string[],
): Controller[] {
  const chosen = ({ name, alias }: Entry): boolean => {
    const first = patterns.find((pattern) => [name, alias, `-${name}`, `-${alias}`].includes(pattern));
    return first === undefined ? patterns.includes("*") : !first.startsWith("-");
  };
  return cloudControllers.filter(chosen).flatMap((entry) => entry.make(provider, options) ?? []);
}
