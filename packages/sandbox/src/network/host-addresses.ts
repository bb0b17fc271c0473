/**
 * Addresses of load balancers on this machine's own loopback, so that programs of the machine can listen, and be reached, at them.
 * Holds: an address is there as long as somebody holds it; what a crashed run left is found by what the cluster claims.
 */
import { mustParseCidr, parseIp } from "@kubets/machinery";
import type { ClusterPlace } from "../inventory/place.ts";
import { tryRun } from "../namespaces/collect.ts";
import { applyLines, applyWhatWorks } from "./apply.ts";
import { dropClaims, readClaims } from "./claims.ts";
import { familiesOf, type NetworkPlan } from "./plan.ts";

export class HostAddresses {
  readonly #ranges: readonly string[];
  readonly #held = new Map<string, number>();
  #work: Promise<void> = Promise.resolve();

  constructor(plan: NetworkPlan) {
    this.#ranges = familiesOf(plan).map(({ loadBalancerRange }) => loadBalancerRange);
  }

  /** Nothing is done for addresses that the machine has anyway. */
  hold(address: string): Promise<void> {
    return this.#change(address, async (line) => {
      const holders = this.#held.get(address) ?? 0;
      this.#held.set(address, holders + 1);
      if (holders === 0) await applyLines({}, [`address add ${line}`]);
    });
  }

  release(address: string): Promise<void> {
    return this.#change(address, async (line) => {
      const holders = (this.#held.get(address) ?? 0) - 1;
      if (holders > 0) return void this.#held.set(address, holders);
      this.#held.delete(address);
      await applyWhatWorks({}, [`address delete ${line}`]);
    });
  }

  /** One change at a time. */
  #change(address: string, change: (line: string) => Promise<void>): Promise<void> {
    const ip = parseIp(address);
    if (!ip || !this.#ranges.some((range) => mustParseCidr(range).contains(ip))) return Promise.resolve();
    const done = this.#work.then(() => change(`${address}/${ip.bits} dev lo${ip.family === 6 ? " nodad" : ""}`));
    this.#work = done.catch(() => {});
    return done;
  }
}

/** With the ranges that the cluster claims, so that no other takes one whose addresses are still there. */
export async function dropHostAddresses(place: ClusterPlace): Promise<void> {
  const { own } = await readClaims(place);
  for (const range of own) await tryRun("ip", ["address", "flush", "dev", "lo", "to", range]);
  await dropClaims(place, own);
}
