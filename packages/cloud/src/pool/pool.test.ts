import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Service } from "@kubets/api/generated/types/core-v1";
import { poolLoadBalancers } from "./pool.ts";

const service = (name: string, more: object = {}, ...ips: string[]) =>
  ({
    metadata: { namespace: "default", name },
    spec: { type: "LoadBalancer", ipFamilies: ["IPv4"], ...more },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  }) as unknown as Service;

function pool(ranges: string[], ...present: Service[]) {
  const balancers = poolLoadBalancers(ranges, () => present);
  return {
    remove: balancers.remove,
    ips: async (of: Service) => (await balancers.ensure(of, [])).ingress?.map(({ ip }) => ip),
  };
}

describe("a pool of load balancers", () => {
  it("gives each service an address of its own, and the same one again", async () => {
    const { ips } = pool(["10.90.0.0/29"]);
    assert.deepEqual(await ips(service("one")), ["10.90.0.1"]);
    assert.deepEqual(await ips(service("two")), ["10.90.0.2"]);
    assert.deepEqual(await ips(service("one")), ["10.90.0.1"]);
  });

  it("leaves what statuses say as it is after a start", async () => {
    const old = service("old", {}, "10.90.0.1");
    const { ips } = pool(["10.90.0.0/29"], old);
    assert.deepEqual(await ips(service("new")), ["10.90.0.2"]);
    assert.deepEqual(await ips(old), ["10.90.0.1"]);
  });

  it("gives another when the address is of an earlier pool, or another's", async () => {
    const { ips } = pool(["10.90.0.0/29"], service("one", {}, "10.90.0.1"));
    assert.deepEqual(await ips(service("moved", {}, "192.0.2.1")), ["10.90.0.2"]);
    assert.deepEqual(await ips(service("copy", {}, "10.90.0.1")), ["10.90.0.3"]);
  });

  it("heeds an address that is asked for, or says why not", async () => {
    const { ips } = pool(["10.90.0.0/29"]);
    assert.deepEqual(await ips(service("asks", { loadBalancerIP: "10.90.0.5" })), ["10.90.0.5"]);
    await assert.rejects(ips(service("late", { loadBalancerIP: "10.90.0.5" })), /is the address of default\/asks/);
    await assert.rejects(ips(service("far", { loadBalancerIP: "192.0.2.5" })), /is not in the pool 10\.90\.0\.0\/29/);
  });

  it("gives an address of each family that the service and the pool have", async () => {
    const both = { ipFamilies: ["IPv4", "IPv6"] };
    assert.deepEqual(await pool(["10.90.0.0/29", "fd00::/120"]).ips(service("two", both)), ["10.90.0.1", "fd00::1"]);
    assert.deepEqual(await pool(["10.90.0.0/29"]).ips(service("two", both)), ["10.90.0.1"]);
    await assert.rejects(pool(["10.90.0.0/29"]).ips(service("six", { ipFamilies: ["IPv6"] })), /no addresses of/);
  });

  it("says when it is empty, and gives again what came back", async () => {
    const { ips, remove } = pool(["10.90.0.0/30"]);
    const [one, two] = [service("one"), service("two")];
    await ips(one);
    await ips(two);
    await assert.rejects(ips(service("three")), /no address is left in the pool/);
    await remove(one);
    assert.deepEqual(await ips(service("three")), ["10.90.0.1"]);
  });
});
