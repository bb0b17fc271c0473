/**
 * Load balancers that are no more than addresses of a pool: the proxies of nodes serve them, and whoever has the pool brings its packets to a node.
 * Holds: a service keeps its address for as long as it wants a balancer; no two have the same one; `spec.loadBalancerIP` is heeded or refused.
 */
import type { Service } from "@kubets/api/generated/types/core-v1";
import { keyOf } from "@kubets/client";
import { type Cidr, mustParseCidr, parseIp } from "@kubets/machinery";
import type { LoadBalancers } from "../provider.ts";

/** `services` gives all that there are, with what their statuses say. One range, or one of each family. */
export function poolLoadBalancers(ranges: readonly string[], services: () => readonly Service[]): LoadBalancers {
  const pools = ranges.map(mustParseCidr);
  /** Given away, whether a status says so by now or not. */
  const given = new Map<string, readonly string[]>();

  const takenFor = (key: string): Map<string, string> => {
    const taken = new Map<string, string>();
    for (const service of services())
      if (keyOf(service) !== key) for (const ip of addressesOf(service)) taken.set(ip, keyOf(service));
    for (const [other, ips] of given) if (other !== key) for (const ip of ips) taken.set(ip, other);
    return taken;
  };

  return {
    async ensure(service) {
      const key = keyOf(service);
      const taken = takenFor(key);
      const wishes = [...(given.get(key) ?? []), ...addressesOf(service)];
      const ips = familiesOf(service).flatMap((family) => {
        const pool = pools.find((each) => each.family === family);
        return pool ? [choose(pool, service.spec.loadBalancerIP ?? "", wishes, taken)] : [];
      });
      if (ips.length === 0) throw new Error(`the pool ${ranges.join(", ")} has no addresses of the service's family`);
      given.set(key, ips);
      return { ingress: ips.map((ip) => ({ ip, ipMode: "VIP" })) };
    },
    async remove(service) {
      given.delete(keyOf(service));
    },
  };
}

const familiesOf = ({ spec }: Service): (4 | 6)[] =>
  (spec.ipFamilies ?? ["IPv4"]).map((family) => (family === "IPv6" ? 6 : 4));

const addressesOf = ({ status }: Service): string[] =>
  (status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));

const isIn = (pool: Cidr, ip: string): boolean => {
  const address = parseIp(ip);
  return address !== undefined && pool.contains(address);
};

function choose(pool: Cidr, asked: string, wishes: readonly string[], taken: ReadonlyMap<string, string>): string {
  const address = parseIp(asked);
  if (address && address.family === pool.family) {
    const text = address.toString();
    if (!pool.contains(address)) throw new Error(`${text} is not in the pool ${pool}`);
    if (taken.has(text)) throw new Error(`${text} is the address of ${taken.get(text)}`);
    return text;
  }
  const kept = wishes.find((ip) => isIn(pool, ip) && !taken.has(ip));
  if (kept) return kept;
  // The first address names the range, and the last one of IPv4 means all of it.
  for (let n = 1n; n < pool.size - 1n; n++) {
    const free = `${pool.nth(n)}`;
    if (!taken.has(free)) return free;
  }
  throw new Error(`no address is left in the pool ${pool}: all are given to services`);
}
