/**
 * After a crash between two writes an address may be noted for a service that was never made, or a service may have one that is noted nowhere.
 * At start, and now and then, both are put right.
 */
import { ipaddresses, services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { IPAddress } from "@kubets/api/generated/types/networking-v1";
import { type Clock, IpError, type Logger } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import { AllocationError, type ClusterIps, isLeftOver } from "./cluster-ips.ts";

interface Parts {
  readonly view: ClusterView;
  readonly ips: ClusterIps;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function repairAddresses({ view, ips, clock, log }: Parts): Promise<void> {
  for (const address of view.list(ipaddresses)) {
    const holder = holderOf(address);
    if (!isLeftOver(address, view.get(services, holder.namespace, holder.name), clock.now())) continue;
    log.info("an address was left over", { address: address.metadata.name, ...holder });
    await ips.release(address.metadata.name, holder);
  }
  for (const service of view.list(services)) for (const address of held(service)) await noteMissing(address, service);

  async function noteMissing(address: string, { metadata }: Service): Promise<void> {
    if (view.get(ipaddresses, "", address)) return;
    try {
      await ips.take(address, { namespace: metadata.namespace, name: metadata.name }, false);
    } catch (error) {
      // What stands in storage may be older than any validation; it must not keep the server from starting.
      if (!(error instanceof AllocationError || error instanceof IpError)) throw error;
      log.warn("a service has an address that is not of the cluster's ranges", {
        service: metadata.name,
        namespace: metadata.namespace,
        address,
      });
    }
  }
}

const holderOf = ({ spec }: IPAddress) => ({
  namespace: spec.parentRef?.namespace ?? "",
  name: spec.parentRef?.name ?? "",
});

const held = ({ spec }: Service): readonly string[] => (spec.clusterIP === "None" ? [] : (spec.clusterIPs ?? []));
