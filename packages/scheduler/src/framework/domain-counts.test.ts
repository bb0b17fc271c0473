import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { randomInt, seededRandom } from "@kubets/machinery";
import { selectorFromSet } from "@kubets/machinery/label-selector";
import { ClusterState } from "./cluster-state.ts";
import { DomainCounts } from "./domain-counts.ts";
import { labelDomain } from "./topology.ts";

test("counts are the same in a map and side by side", () => {
  const random = seededRandom(1);
  const naive = new Map<number, number>();
  const counts = new DomainCounts();
  for (let i = 0; i < 5000; i++) {
    const domain = 1 + randomInt(random, i < 50 ? 1000 : 300);
    const before = naive.get(domain) ?? 0;
    const difference = before > 0 && randomInt(random, 3) === 0 ? -before : 1;
    counts.add(domain, difference, 1000);
    if (before + difference === 0) naive.delete(domain);
    else naive.set(domain, before + difference);
    assert.equal(counts.get(domain), before + difference);
    assert.equal(counts.size, naive.size);
  }
  assert.deepEqual(new Map(counts), new Map([...naive].sort(([a], [b]) => a - b)));
});

test("the least of all domains stays true while pods, nodes and their labels change", () => {
  const random = seededRandom(2);
  const below = (n: number) => randomInt(random, n);
  const cluster = new ClusterState();
  const counted = {
    signature: "x",
    domains: {
      ...labelDomain("zone"),
      signature: "zone,up",
      includes: ({ spec }: { spec: { unschedulable?: boolean } }) => !spec.unschedulable,
    },
    selector: selectorFromSet({ app: "x" }),
    matches: ({ metadata }: { metadata: { labels?: Readonly<Record<string, string>> } }) =>
      metadata.labels?.["app"] === "x",
  };
  const nodes = new Map<string, { zone: string; up: boolean }>();
  const pods = new Map<string, string>();
  for (let i = 0; i < 4000; i++) {
    const name = `n${below(12)}`;
    const uid = `p${below(60)}`;
    if (below(4) === 0) {
      if (below(4) === 0) {
        nodes.delete(name);
        cluster.removeNode(name);
      } else {
        const state = { zone: `z${below(4)}`, up: below(5) > 0 };
        nodes.set(name, state);
        const made = node(name).labels({ zone: state.zone });
        cluster.setNode((state.up ? made : made.unschedulable()).build());
      }
    } else if (pods.has(uid)) {
      pods.delete(uid);
      cluster.removePod(uid);
    } else {
      pods.set(uid, name);
      cluster.setPod(pod(uid).uid(uid).on(name).labels({ app: "x" }).build());
    }
    const expected = new Map<string, number>();
    for (const [of, { zone, up }] of nodes) {
      if (!up) continue;
      const here = [...pods.values()].filter((where) => where === of).length;
      expected.set(zone, (expected.get(zone) ?? 0) + here);
    }
    const view = cluster.counts(counted);
    assert.equal(view.domains, expected.size);
    if (expected.size === 0) continue;
    const least = Math.min(...expected.values());
    const domains = [...expected.values()].filter((count) => count === least).length;
    assert.deepEqual(view.least(), { count: least, domains }, `step ${i}`);
    for (const {
      slot,
      node: { metadata },
    } of cluster.nodes)
      assert.equal(view.at(slot), expected.get(metadata.labels?.["zone"] as string) ?? 0);
  }
});
