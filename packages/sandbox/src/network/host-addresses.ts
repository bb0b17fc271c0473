/**
 * Addresses of load balancers on this machine's own loopback, so that programs of the machine can listen, and be reached, at them. As long as the cluster is there all others
 * of their range are unreachable: what is for a load balancer that is none never leaves by the uplink, and a cluster that comes later sees that the range is taken.
 * Holds: an address is there as long as somebody holds it; what a crashed run left is found by the cluster's plan.
 */
import { mustParseCidr, parseIp } from "@kubets/machinery";
import { tryRun } from "../namespaces/collect.ts";
import { applyLines, applyWhatWorks } from "./apply.ts";
import { familiesOf, type NetworkPlan } from "./plan.ts";

const rangesOf = (plan: NetworkPlan): string[] => familiesOf(plan).map((ranges) => ranges.loadBalancerRange);
const barrier = (range: string): string => `unreachable ${range} metric 4096`;

export class HostAddresses {
  readonly #ranges: readonly string[];
  readonly #held = new Map<string, number>();
  #work: Promise<void> = Promise.resolve();

  constructor(plan: NetworkPlan) {
    this.#ranges = rangesOf(plan);
  }

  /** Before the first is held; `dropHostAddresses` takes it back. */
  claim(): Promise<void> {
    return applyLines(
      {},
      this.#ranges.map((range) => `route replace ${barrier(range)}`),
    );
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

export async function dropHostAddresses(plan: NetworkPlan | undefined): Promise<void> {
  for (const range of plan ? rangesOf(plan) : []) {
    await tryRun("ip", ["address", "flush", "dev", "lo", "to", range]);
    await applyWhatWorks({}, [`route delete ${barrier(range)}`]);
  }
}

export async function heldAddresses(plan: NetworkPlan | undefined): Promise<string[]> {
  const shown = (plan ? rangesOf(plan) : []).map(async (range) => {
    const { stdout } = await tryRun("ip", ["-brief", "address", "show", "dev", "lo", "to", range]);
    return stdout.trim().split(/\s+/).slice(2);
  });
  return (await Promise.all(shown)).flat();
}
