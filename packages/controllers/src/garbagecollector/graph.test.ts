import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { Graph, type GraphNode } from "./graph.ts";
import { fateOf, type OwnerState } from "./plan.ts";

const owner = (uid: string, blockOwnerDeletion = false) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: uid,
  uid,
  blockOwnerDeletion,
});
const node = (uid: string, more: Partial<GraphNode> = {}): GraphNode => ({
  uid,
  ref: configmaps,
  namespace: "ns",
  name: uid,
  resourceVersion: "1",
  owners: [],
  finalizers: [],
  going: false,
  ...more,
});

test("what concerns whom", () => {
  const graph = new Graph();
  assert.deepEqual(graph.put(node("a")), []);
  assert.deepEqual(graph.put(node("b", { owners: [owner("a", true)] })), []);
  assert.deepEqual(graph.put(node("c", { owners: [owner("gone")] })), ["c"]);
  const foreground = node("a", { going: true, finalizers: ["foregroundDeletion"] });
  assert.deepEqual(graph.put(foreground), ["a", "b"]);
  assert.deepEqual(graph.remove("b"), ["a"]);
  assert.deepEqual(graph.put(node("d", { owners: [owner("a")] })), ["d"]);
  assert.deepEqual(graph.remove("a"), ["d"]);
  assert.ok(graph.isGone("a"));
});

test("the fate of an object follows from its owners", () => {
  const fate = (states: OwnerState[], more: Partial<GraphNode> = {}, dependents: GraphNode[] = []) =>
    fateOf(
      node("x", more),
      states.map((state, i) => ({ reference: owner(`o${i}`), state })),
      dependents,
    );
  assert.deepEqual(fate([]), { kind: "keep" });
  assert.deepEqual(fate(["solid", "solid"]), { kind: "keep" });
  assert.deepEqual(fate(["solid", "dangling", "waiting"]), { kind: "unlink", uids: ["o1", "o2"] });
  assert.deepEqual(fate(["dangling"]), { kind: "delete", policy: "Background", unblock: false });
  assert.deepEqual(fate(["dangling"], { finalizers: ["orphan"] }), {
    kind: "delete",
    policy: "Orphan",
    unblock: false,
  });
  assert.deepEqual(fate(["waiting"], {}, [node("y")]), { kind: "delete", policy: "Foreground", unblock: false });
  const waits = node("y", { going: true, finalizers: ["foregroundDeletion"] });
  assert.deepEqual(fate(["waiting"], {}, [waits]), { kind: "delete", policy: "Foreground", unblock: true });
});

test("dependents are those of a naive search, after random changes", () => {
  const random = seededRandom(3);
  const graph = new Graph();
  const naive = new Map<string, GraphNode>();
  for (let round = 0; round < 2000; round++) {
    const uid = `n${randomInt(random, 30)}`;
    if (random.float() < 0.3) {
      naive.delete(uid);
      graph.remove(uid);
    } else {
      const owners = Array.from({ length: randomInt(random, 3) }, () => owner(`n${randomInt(random, 30)}`));
      naive.set(uid, node(uid, { owners }));
      graph.put(naive.get(uid) as GraphNode);
    }
    const asked = `n${randomInt(random, 30)}`;
    const wanted = [...naive.values()]
      .filter(({ owners }) => owners.some((each) => each.uid === asked))
      .map((each) => each.uid);
    assert.deepEqual(
      graph
        .dependentsOf(asked)
        .map((each) => each.uid)
        .toSorted(),
      wanted.toSorted(),
    );
  }
});
