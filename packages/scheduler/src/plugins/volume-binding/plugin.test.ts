import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { runScheduler } from "../../testing/run.ts";
import { claim, csiDriver, storageCapacity, storageClass, using, volume } from "../../testing/volumes.ts";
import { volumeBinding } from "./plugin.ts";

const nodes = [node("n1").build(), node("n2").build()];
const waits = storageClass("late", "WaitForFirstConsumer");
const local = storageClass("late", "WaitForFirstConsumer", "kubernetes.io/no-provisioner");
const user = pod("a").spec(using("c")).build();
const conflict = "node(s) had volume node affinity conflict!";
const nothing = "node(s) didn't find available persistent volumes to bind!";

test("what a pod's claims say of nodes", () => {
  const cases: [string, Parameters<typeof fixture>[2][], Record<string, string>][] = [
    ["no claim", [], { "*": 'persistentvolumeclaim "c" not found!' }],
    [
      "on its way out",
      [claim("c", { deletionTimestamp: "2026-01-01T00:00:00Z" })],
      { "*": 'persistentvolumeclaim "c" is being deleted!' },
    ],
    ["unbound", [claim("c")], { "*": "pod has unbound immediate PersistentVolumeClaims!" }],
    ["bound", [claim("c", { volume: "v" }), volume("v", { node: "n2" })], { n1: conflict, n2: "" }],
    [
      "bound to nothing",
      [claim("c", { volume: "v" })],
      both("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)!"),
    ],
    ["to be made", [claim("c", { storageClass: "late" }), waits], both("")],
    [
      "to be made on a chosen node",
      [claim("c", { storageClass: "late", annotations: { "volume.kubernetes.io/selected-node": "n1" } }), waits],
      { n1: "", n2: nothing },
    ],
    [
      "to be found",
      [claim("c", { storageClass: "late" }), local, volume("v", { node: "n1", storageClass: "late" })],
      { n1: "", n2: nothing },
    ],
    [
      "to be made where there is room",
      [
        claim("c", { storageClass: "late", size: "2Gi" }),
        waits,
        csiDriver("example.com/maker", { storageCapacity: true }),
        storageCapacity("on-n1", "late", { "kubernetes.io/hostname": "n1" }, "5Gi"),
        storageCapacity("on-n2", "late", { "kubernetes.io/hostname": "n2" }, "1Gi"),
        storageCapacity("other", "other", {}, "9Gi"),
      ],
      { n1: "", n2: "node(s) did not have enough free storage!" },
    ],
    [
      "to be made by a driver that does not tell of its room",
      [
        claim("c", { storageClass: "late", size: "2Gi" }),
        waits,
        csiDriver("example.com/maker", { storageCapacity: false }),
      ],
      both(""),
    ],
    [
      "too small",
      [claim("c", { storageClass: "late", size: "2Gi" }), local, volume("v", { storageClass: "late" })],
      both(nothing),
    ],
  ];
  for (const [name, objects, want] of cases)
    assert.deepEqual(fixture(volumeBinding, {}, ...nodes, ...objects).refusals(user), want, name);
});

const both = (text: string) => ({ n1: text, n2: text });

test("the claim is told its node, and the pod bound when the claim is", async () => {
  const { cluster, settle, stop } = await runScheduler();
  try {
    cluster.put(nodes[0] as (typeof nodes)[number], waits, claim("c", { storageClass: "late" }), user);
    await turns();
    // The pod first: its volume takes time.
    assert.deepEqual(cluster.requests, ["patch default/a", "patch default/c"]);
    assert.deepEqual(cluster.placements(), ["a -> ?"]);
    cluster.put(volume("made"), claim("c", { storageClass: "late", volume: "made" }));
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1"]);
  } finally {
    stop();
  }
});

test("a free volume is claimed for one pod alone", async () => {
  const { cluster, stop } = await runScheduler();
  try {
    cluster.put(...nodes, local, volume("v", { storageClass: "late" }));
    cluster.put(claim("c", { storageClass: "late" }), claim("d", { storageClass: "late" }));
    cluster.put(user, pod("b").spec(using("d")).build());
    await turns();
    assert.deepEqual(
      cluster.requests.filter((request) => request.startsWith("update")),
      ["update PersistentVolume v"],
    );
    assert.match(
      cluster.events.join(),
      /b: Warning FailedScheduling: 0\/2 nodes are available: 2 node\(s\) didn't find available/,
    );
  } finally {
    stop();
  }
});

test("nodes with more room are better where that counts", () => {
  const objects = [
    ...nodes,
    waits,
    csiDriver("example.com/maker", { storageCapacity: true }),
    storageCapacity("on-n1", "late", { "kubernetes.io/hostname": "n1" }, "100Gi"),
    storageCapacity("on-n2", "late", { "kubernetes.io/hostname": "n2" }, "200Gi"),
    claim("c", { storageClass: "late", size: "50Gi" }),
    claim("d", { storageClass: "late", size: "30Gi" }),
    storageClass("found", "WaitForFirstConsumer", "kubernetes.io/no-provisioner"),
    claim("e", { storageClass: "found", size: "25Gi" }),
    volume("v1", { node: "n1", storageClass: "found", size: "50Gi" }),
    volume("v2", { node: "n2", storageClass: "found", size: "100Gi" }),
    claim("bound", { volume: "b" }),
    volume("b"),
  ];
  const scores = (claims: string[], args: object = {}) =>
    fixture(volumeBinding, { featureGates: { StorageCapacityScoring: true }, ...args }, ...objects).scores(
      pod("a")
        .spec(using(...claims))
        .build(),
    );
  assert.deepEqual(scores(["c"]), { n1: 50, n2: 75 });
  assert.deepEqual(scores(["c", "d"]), { n1: 20, n2: 60 }, "all of a class from the same room");
  assert.deepEqual(scores(["e"]), { n1: 50, n2: 75 });
  assert.deepEqual(scores(["c", "e"]), { n1: 50, n2: 75 }, "what is found counts alone");
  assert.deepEqual(scores(["bound"]), {}, "nothing to choose");
  assert.deepEqual(scores(["c"], { featureGates: {} }), {});
  const least = [
    { utilization: 0, score: 0 },
    { utilization: 100, score: 10 },
  ];
  assert.deepEqual(scores(["c"], { shape: least }), { n1: 50, n2: 25 });
  const refused: [object, RegExp][] = [
    [{ shape: least, featureGates: {} }, /shape is nothing without the feature gate StorageCapacityScoring/],
    [{ shape: [] }, /shape: Required value: at least one point/],
    [{ shape: [...least].reverse() }, /shape\[1\]\.utilization: Invalid value: 0: .*increasing order/],
    [{ shape: [{ utilization: 101, score: 1 }] }, /not in valid range \[0-100\]/],
    [{ shape: [{ utilization: 0, score: 11 }] }, /not in valid range \[0-10\]/],
  ];
  for (const [args, want] of refused) assert.throws(() => scores(["c"], args), want);
});

/** Some turns of the loop; a binding that waits for its claims never comes to rest. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}
