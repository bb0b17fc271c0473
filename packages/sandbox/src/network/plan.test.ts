import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machineRanges } from "./machine-ranges.ts";
import {
  besideOthers,
  collisions,
  controlPlaneAddress,
  type FamilyRanges,
  nodeAddresses,
  planNetwork,
  uplinkAddresses,
} from "./plan.ts";

describe("planNetwork", () => {
  it("takes the usual ranges on an ordinary machine", () => {
    const plan = planNetwork({}, ["192.0.2.0/24"]);
    assert.deepEqual(plan, {
      nodeRange: "10.89.0.0/24",
      podRange: "10.244.0.0/16",
      serviceRange: "10.96.0.0/16",
      loadBalancerRange: "10.90.0.0/24",
      uplinkRange: "169.254.89.0/30",
      nodePodPrefix: 24,
    });
    assert.equal(controlPlaneAddress(plan), "10.89.0.1");
    assert.deepEqual(nodeAddresses(plan, 1), { address: "10.89.0.2", podRange: "10.244.1.0/24" });
    assert.deepEqual(uplinkAddresses(plan), { host: "169.254.89.1", inside: "169.254.89.2" });
  });

  for (const [taken, moved] of [
    [["10.244.3.0/24"], { podRange: "10.245.0.0/16" }],
    [
      ["10.0.0.0/8"],
      {
        loadBalancerRange: "172.31.0.0/24",
        nodeRange: "172.29.0.0/24",
        podRange: "172.20.0.0/16",
        serviceRange: "172.16.0.0/16",
      },
    ],
    [["10.89.0.0/22", "10.96.0.0/12"], { nodeRange: "10.89.4.0/24", serviceRange: "10.112.0.0/16" }],
    [["169.254.0.0/16"], { uplinkRange: "172.30.89.0/30" }],
  ] as const) {
    it(`moves away from ${taken.join(" and ")}`, () => {
      const plan = planNetwork({}, taken);
      for (const [kind, range] of Object.entries(moved)) assert.equal(plan[kind as keyof typeof moved], range);
      assert.deepEqual(collisions(plan, taken), []);
    });
  }

  it("keeps what was asked for, and moves the others out of its way", () => {
    const plan = planNetwork({ serviceRange: "10.244.0.0/16" }, ["10.0.0.0/8"]);
    assert.equal(plan.serviceRange, "10.244.0.0/16");
    assert.deepEqual(collisions(plan, ["10.0.0.0/8"]), ["10.244.0.0/16"]);
    assert.equal(planNetwork({ serviceRange: "10.244.0.0/16" }, []).podRange, "10.245.0.0/16");
  });

  it("has ranges of both families when that is asked for, also by a pair", () => {
    const { six, ...four } = planNetwork({ dualStack: true }, ["fd00:10:244::/64"]);
    assert.deepEqual(four, planNetwork({}, []));
    assert.deepEqual(six, {
      nodeRange: "fd00:10:89::/64",
      podRange: "fd00:10:245::/56",
      serviceRange: "fd00:10:96::/112",
      loadBalancerRange: "fd00:10:90::/120",
      nodePodPrefix: 64,
    });
    assert.deepEqual(nodeAddresses(six as FamilyRanges, 2), {
      address: "fd00:10:89::3",
      podRange: "fd00:10:245:2::/64",
    });
    const pair = planNetwork({ serviceRange: "10.1.0.0/16,fd01::/112" }, []);
    assert.deepEqual([pair.serviceRange, pair.six?.serviceRange], ["10.1.0.0/16", "fd01::/112"]);
    for (const podRange of ["fd01::/56", "10.1.0.0/16,10.2.0.0/16"])
      assert.throws(() => planNetwork({ podRange }, []), /give an IPv4 range, or an IPv4 and an IPv6 range/);
  });

  it("moves of a remembered plan what another cluster claims, and nothing else", () => {
    const plan = planNetwork({ dualStack: true }, []);
    assert.deepEqual(besideOthers(plan, ["10.90.1.0/24"], ["10.244.0.0/16", "10.90.1.0/24"]), plan);
    const claimed = ["10.90.0.0/16", "169.254.89.0/30", "fd00:10:90::/120"];
    assert.deepEqual(besideOthers(plan, claimed, [...claimed, "172.31.0.0/24"]), {
      ...plan,
      loadBalancerRange: "172.31.1.0/24",
      uplinkRange: "169.254.89.4/30",
      six: { ...plan.six, loadBalancerRange: "fd00:10:90:1::/120" },
    });
  });

  it("refuses ranges that overlap or hold nothing", () => {
    assert.throws(() => planNetwork({ podRange: "10.96.0.0/12", serviceRange: "10.96.0.0/16" }, []), /overlap/);
    assert.throws(() => planNetwork({ podRange: "10.244.0.0/24" }, []), /does not fit/);
    assert.throws(() => planNetwork({}, ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]), /no private range is left/);
    assert.throws(() => nodeAddresses(planNetwork({ podRange: "10.1.0.0/23" }, []), 2), /no place/);
  });
});

describe("machineRanges", () => {
  it("reads routes and addresses, but not the default route", () => {
    const routes = [{ dst: "default" }, { dst: "192.0.2.0/24" }, { dst: "198.51.100.7" }];
    const links = [{ ifname: "lo", addr_info: [{ local: "127.0.0.1", prefixlen: 8 }] }];
    assert.deepEqual(machineRanges(routes, links), ["192.0.2.0/24", "198.51.100.7/32", "127.0.0.0/8"]);
  });
});
