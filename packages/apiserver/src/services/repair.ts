/**
 * After a crash between two writes an address may be noted for a service that was never made, or a service may have one that is noted nowhere.
 * At start, and now and then, both are put right.
 */
import { ipaddresses, services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { IPAddress } from "@kubets/api/generated/types/networking-v1";
import { type Clock, IpError, inPortRange, type Logger, type PortRange } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import { AllocationError, type ClusterIps, isLeftOver } from "./cluster-ips.ts";
import type { ServiceMetrics, WrongPort } from "./metrics.ts";
import { portsOf } from "./node-ports.ts";

interface Parts {
  readonly view: ClusterView;
  readonly ips: ClusterIps;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
}

export async function repairAddresses({ view, ips, clock, log, metrics }: Parts): Promise<void> {
  for (const address of view.list(ipaddresses)) {
    const holder = holderOf(address);
    if (!isLeftOver(address, view.get(services, holder.namespace, holder.name), clock.now())) continue;
    metrics.wrongAddress("leak");
    log.info("an address was left over", { address: address.metadata.name, ...holder });
    await ips.release(address.metadata.name, holder);
  }
  for (const service of view.list(services))
    for (const address of addressesOf(service)) await noteMissing(address, service);

  async function noteMissing(address: string, { metadata }: Service): Promise<void> {
    const noted = view.get(ipaddresses, "", address);
    if (noted) {
      const holder = holderOf(noted);
      if (holder.namespace !== metadata.namespace || holder.name !== metadata.name) metrics.wrongAddress("duplicate");
      return;
    }
    try {
      await ips.take(address, { namespace: metadata.namespace, name: metadata.name }, false);
      metrics.wrongAddress("repair");
    } catch (error) {
      // What stands in storage may be older than any validation; it must not keep the server from starting.
      if (!(error instanceof AllocationError || error instanceof IpError)) throw error;
      metrics.wrongAddress(error instanceof IpError ? "invalid" : "outOfRange");
      log.warn("a service has an address that is not of the cluster's ranges", {
        service: metadata.name,
        namespace: metadata.namespace,
        address,
      });
    }
  }
}

/** Services hold their ports themselves; that two hold one, or one of no range, only people can put right. */
export function checkPorts({ view, log, metrics }: Omit<Parts, "ips" | "clock">, range: PortRange): void {
  const held = new Set<number>();
  const wrong = (why: WrongPort, port: number, { metadata: { namespace, name } }: Service) => {
    metrics.wrongPort(why);
    log.warn("a service has a node port that it cannot have", { why, port, namespace, service: name });
  };
  for (const service of view.list(services))
    for (const port of portsOf(service)) {
      if (!inPortRange(range, port)) wrong("outOfRange", port, service);
      else if (held.has(port)) wrong("duplicate", port, service);
      else held.add(port);
    }
}

const holderOf = ({ spec }: IPAddress) => ({
  namespace: spec.parentRef?.namespace ?? "",
  name: spec.parentRef?.name ?? "",
});

const addressesOf = ({ spec }: Service): readonly string[] =>
  spec.clusterIP === "None" ? [] : (spec.clusterIPs ?? []);
