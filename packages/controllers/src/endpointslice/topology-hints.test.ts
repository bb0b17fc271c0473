/** Hints by the processors of zones: what must hold of them, on random states; and the reasons why there are none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Endpoint } from "@kubets/api/generated/types/discovery-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { allocate, type Shares, sharesOf } from "./topology-hints.ts";

const node = (zone: string | undefined, cpu: string, ready = "True", role?: string) =>
  ({
    metadata: {
      name: "n",
      labels: { ...(zone && { "topology.kubernetes.io/zone": zone }), ...(role && { [role]: "" }) },
    },
    status: { allocatable: { cpu }, conditions: [{ type: "Ready", status: ready }] },
  }) as unknown as Node;

let serial = 0;
const endpoint = (zone?: string): Endpoint => ({
  addresses: [`10.0.${serial >> 8}.${serial++ & 255}`],
  conditions: { ready: true },
  ...(zone && { zone }),
});
const none = () => undefined;

test("the parts of zones count the processors of nodes that are ready and for everybody", () => {
  const nodes = [
    node("a", "3"),
    node("b", "500m"),
    node("b", "500m"),
    node("c", "9", "False"),
    node("c", "9", "True", "node-role.kubernetes.io/control-plane"),
  ];
  assert.deepEqual(
    sharesOf(nodes),
    new Map([
      ["a", 0.75],
      ["b", 0.25],
    ]),
  );
  assert.equal(sharesOf([node("a", "1")]), "Nodes only ready in one zone");
  assert.match(String(sharesOf([node("a", "1"), node(undefined, "1")])), /^Insufficient Node information/);
});

test("without enough endpoints, or with zones that nobody knows, there are no hints", () => {
  const half: Shares = new Map([
    ["a", 0.5],
    ["b", 0.5],
  ]);
  assert.equal(allocate([endpoint("a")], half, none), "Insufficient number of endpoints");
  assert.match(String(allocate([endpoint("a"), endpoint()], half, none)), /^One or more endpoints do not have a zone/);
  const thirds: Shares = new Map([
    ["a", 0.6],
    ["b", 0.2],
    ["c", 0.2],
  ]);
  assert.match(
    String(allocate([endpoint("a"), endpoint("b"), endpoint("c")], thirds, none)),
    /^Unable to allocate minimum/,
  );
});

test("every zone gets its part, own endpoints first, and what is right stays as it is", () => {
  const random = seededRandom(5);
  let enabled = 0;
  for (let round = 0; round < 300; round++) {
    const zones = ["a", "b", "c"].slice(0, 2 + randomInt(random, 2));
    const cpus = zones.map(() => 1 + randomInt(random, 4));
    const all = cpus.reduce((a, b) => a + b, 0);
    const shares: Shares = new Map(zones.map((zone, i) => [zone, (cpus[i] as number) / all]));
    const endpoints = Array.from({ length: randomInt(random, 60) }, () =>
      endpoint([...zones, "gone"][randomInt(random, zones.length + 1)]),
    );
    const found = allocate(endpoints, shares, none);
    if (typeof found === "string") continue;
    enabled++;
    const counts = Map.groupBy(found.values(), (zone) => zone);
    for (const [zone, share] of shares) {
      const count = counts.get(zone)?.length ?? 0;
      assert.ok(
        Math.abs(count - share * endpoints.length) < zones.length,
        `${zone}: ${count} of ${endpoints.length}, ${share}`,
      );
      const own = endpoints.filter((each) => each.zone === zone).length;
      const stayed: number = endpoints.filter((each) => each.zone === zone && found.get(each) === zone).length;
      assert.ok(stayed >= Math.min(own, count), `${zone}: only ${stayed} of its ${own} endpoints serve it`);
    }
    assert.ok([...found.values()].every((zone) => shares.has(zone)));
    assert.deepEqual(
      allocate(endpoints, shares, (each) => found.get(each)),
      found,
    );
  }
  assert.ok(enabled > 100);
});
