/** Routes between nodes, and the commands that bring a routing table in step: after them it holds just what is wanted. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { mustParseCidr } from "@kubets/machinery";
import * as fc from "fast-check";
import { cniConflist } from "./conflist.ts";
import { masqueradeRuleset } from "./masquerade.ts";
import { planRoutes, vtepMac } from "./plan-routes.ts";
import { type KernelRoute, routeCommands, textOf } from "./route-commands.ts";

const node = (name: string, ips: readonly string[], podCIDRs: readonly string[]) =>
  ({
    kind: "Node",
    apiVersion: "v1",
    metadata: { name },
    spec: { podCIDRs },
    status: { addresses: ips.map((address) => ({ type: "InternalIP", address })) },
  }) as unknown as Node;

const link = { name: "eth0", ranges: [mustParseCidr("172.30.0.0/24"), mustParseCidr("fd01::/64")] };
const near = node("near", ["172.30.0.2", "fd01::2"], ["10.244.1.0/24", "fd00:1::/64"]);
const far = node("far", ["192.0.2.7"], ["10.244.2.0/24"]);

describe("routes between nodes", () => {
  const cases: [string, Parameters<typeof planRoutes>, string[]][] = [
    ["not to itself", [[near], "near", link], []],
    [
      "directly on the same link, for each family",
      [[near], "me", link],
      ["10.244.1.0/24 172.30.0.2 direct", "fd00:1::/64 fd01::2 direct"],
    ],
    ["through a tunnel where not", [[far], "me", link], ["10.244.2.0/24 192.0.2.7 vxlan"]],
    ["directly when told so", [[far], "me", link, "host-gw"], ["10.244.2.0/24 192.0.2.7 direct"]],
    [
      "through a tunnel when told so",
      [[near], "me", link, "vxlan"],
      ["10.244.1.0/24 172.30.0.2 vxlan", "fd00:1::/64 172.30.0.2 vxlan"],
    ],
    [
      "none to who has no address or no range",
      [[node("a", [], ["10.244.3.0/24"]), node("b", ["172.30.0.3"], [])], "me", link],
      [],
    ],
    ["none to a wrong range", [[node("a", ["172.30.0.3"], ["10.244.3.0"])], "me", link], []],
  ];
  for (const [name, args, wanted] of cases)
    it(name, () => {
      const routes = planRoutes(...args).map(({ cidr, nodeIp, how }) => `${cidr} ${nodeIp} ${how}`);
      assert.deepEqual(routes, wanted);
    });

  it("gives each node's tunnel an address of its own", () => {
    assert.equal(vtepMac("172.30.0.2"), "0a:58:ac:1e:00:02");
  });
});

describe("route commands", () => {
  const route: fc.Arbitrary<KernelRoute> = fc
    .record({
      dst: fc.constantFrom("10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24"),
      how: fc.constantFrom("a", "b", "unreachable", "device"),
    })
    .map(({ dst, how }) => {
      if (how === "unreachable") return { dst, type: how };
      return how === "device" ? { dst, dev: "eth0" } : { dst, gateway: `172.30.0.${how === "a" ? 1 : 2}`, dev: "eth0" };
    });
  const table = fc.uniqueArray(route, { selector: ({ dst }) => dst });

  it("end with what is wanted, and say nothing when it is there", () => {
    fc.assert(
      fc.property(table, table, (present, wanted) => {
        const kernel = new Set(present.map(textOf));
        for (const command of routeCommands(present, wanted)) {
          const [, verb = "", text = ""] = /^route (add|del) (.*) proto 98$/.exec(command) ?? [];
          if (verb === "add") assert.ok(!kernel.has(text) && kernel.add(text));
          else assert.ok(kernel.delete(text));
        }
        assert.deepEqual([...kernel].sort(), wanted.map(textOf).sort());
        assert.deepEqual(routeCommands(wanted, wanted), []);
      }),
    );
  });
});

describe("the configuration of a node's network", () => {
  it("has both families where the node has both", () => {
    const { plugins } = cniConflist({ podCidrs: ["10.244.1.0/24", "fd00:1::/64"], mtu: 1450 }) as {
      plugins: { mtu?: number; ipam?: { ranges: object; routes: object } }[];
    };
    assert.deepEqual(plugins[0]?.ipam?.ranges, [[{ subnet: "10.244.1.0/24" }], [{ subnet: "fd00:1::/64" }]]);
    assert.deepEqual(plugins[0]?.ipam?.routes, [{ dst: "0.0.0.0/0" }, { dst: "::/0" }]);
    assert.equal(plugins[0]?.mtu, 1450);
  });

  it("masquerades only what leaves the cluster", () => {
    const text = masqueradeRuleset(["10.244.1.0/24"], ["10.244.0.0/16", "10.96.0.0/12"]);
    assert.match(text, /inside \{ 10\.244\.0\.0\/16, 10\.96\.0\.0\/12, 10\.244\.1\.0\/24, 224\.0\.0\.0\/4 \}/);
    assert.doesNotMatch(text, /ip6/);
  });
});
