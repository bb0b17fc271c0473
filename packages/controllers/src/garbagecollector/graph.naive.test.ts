/** The graph and the fates of its nodes, compared with a naive view of all objects at once, on random owners and deletions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { Graph, type GraphNode } from "./graph.ts";
import { fateOf } from "./plan.ts";

const ref = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const reference = (uid: string): OwnerReference => ({ apiVersion: "v1", kind: "ConfigMap", name: uid, uid });
const nodeFor = (uid: string, owners: readonly string[]): GraphNode => ({
  uid,
  ref,
  namespace: "default",
  name: uid,
  resourceVersion: "1",
  owners: owners.map(reference),
  finalizers: [],
  going: false,
});

/** Whoever has owners and none of them left goes, again and again; those who stay name only owners that stay. */
function naive(owners: ReadonlyMap<string, readonly string[]>, deleted: ReadonlySet<string>): Map<string, string[]> {
  const left = new Map([...owners].filter(([uid]) => !deleted.has(uid)));
  for (;;) {
    const next = [...left].find(([, of]) => of.length > 0 && !of.some((uid) => left.has(uid)));
    if (!next) break;
    left.delete(next[0]);
  }
  return new Map([...left].map(([uid, of]) => [uid, of.filter((each) => left.has(each))]));
}

/** As the controller does, with each write coming back as a change. */
function collected(
  owners: ReadonlyMap<string, readonly string[]>,
  deleted: ReadonlySet<string>,
): Map<string, string[]> {
  const graph = new Graph();
  const alive = new Map<string, GraphNode>();
  const queue: string[] = [];
  const put = (node: GraphNode) => {
    alive.set(node.uid, node);
    queue.push(...graph.put(node));
  };
  const remove = (uid: string) => {
    alive.delete(uid);
    queue.push(...graph.remove(uid));
  };
  const work = () => {
    for (let uid = queue.shift(); uid !== undefined; uid = queue.shift()) {
      const node = alive.get(uid);
      if (!node) continue;
      const states = node.owners.map((each) => ({
        reference: each,
        state: alive.has(each.uid) ? ("solid" as const) : ("dangling" as const),
      }));
      const fate = fateOf(node, states, graph.dependentsOf(uid));
      if (fate.kind === "delete") remove(uid);
      if (fate.kind === "unlink") put({ ...node, owners: node.owners.filter((each) => !fate.uids.includes(each.uid)) });
    }
  };
  for (const [uid, of] of owners) put(nodeFor(uid, of));
  work();
  for (const uid of deleted) {
    if (alive.has(uid)) remove(uid);
    work();
  }
  return new Map([...alive].map(([uid, node]) => [uid, node.owners.map((each) => each.uid)]));
}

test("the same objects are left, with the same owners", () => {
  const random = seededRandom(9);
  for (let round = 0; round < 1500; round++) {
    const uids = Array.from({ length: 2 + randomInt(random, 9) }, (_, i) => `u${i}`);
    const anyone = () => uids[randomInt(random, uids.length)] as string;
    // Owners may form cycles, and some were never there.
    const owners = new Map(
      uids.map((uid) => [
        uid,
        [
          ...new Set(
            Array.from({ length: randomInt(random, 3) }, () => (randomInt(random, 12) === 0 ? "nobody" : anyone())),
          ),
        ],
      ]),
    );
    const deleted = new Set(Array.from({ length: randomInt(random, 3) }, anyone));
    const sorted = (all: Map<string, string[]>) => [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(collected(owners, deleted)), sorted(naive(owners, deleted)), JSON.stringify([...owners]));
  }
});
