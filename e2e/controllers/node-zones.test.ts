/** Nodes that fall silent, by zones: how many are emptied, how fast, and when nobody is; on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { leases, nodes } from "@kubets/api/generated/refs";
import { formatMicroTime, formatTime } from "@kubets/machinery/time";
import { startCluster, type TestCluster } from "./cluster.ts";

/** Two zones of four nodes each; a node that is in `silent` renews its lease no more. */
const ZONES = ["a", "b"];
const NAMES = ZONES.flatMap((zone) => [1, 2, 3, 4].map((i) => `${zone}${i}`));
const STEP_MS = 5000;

async function script(body: (zones: Zones) => Promise<void>): Promise<void> {
  const cluster = await startCluster({ controllers: ["nodelifecycle"] });
  try {
    const zones = new Zones(cluster);
    await zones.start();
    await body(zones);
  } finally {
    await cluster.stop();
  }
}

class Zones {
  readonly cluster: TestCluster;
  readonly silent = new Set<string>();

  constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  async start(): Promise<void> {
    const { client, clock } = this.cluster;
    const time = formatTime(clock.now());
    for (const name of NAMES) {
      const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime: time, lastTransitionTime: time }];
      const labels = { "topology.kubernetes.io/zone": name[0] as string };
      await client.create(nodes, { metadata: { name, labels }, status: { conditions } });
      await client.create(leases, { metadata: { namespace: "kube-node-lease", name }, spec: { holderIdentity: name } });
    }
    await this.pass(20_000);
  }

  /** Time goes on; who is not silent renews its lease, and says that it is well if it was given up. */
  async pass(ms: number): Promise<void> {
    const { client, clock } = this.cluster;
    for (let gone = 0; gone < ms; gone += STEP_MS) {
      for (const name of NAMES.filter((each) => !this.silent.has(each))) {
        const key = { namespace: "kube-node-lease", name };
        const renewTime = formatMicroTime(clock.now());
        await client.patch(leases, key, { type: "merge", body: { spec: { renewTime } } });
        const ready = (await client.get(nodes, { name })).status.conditions?.find(({ type }) => type === "Ready");
        if (ready?.status === "True") continue;
        const time = formatTime(clock.now());
        const condition = { type: "Ready", status: "True", lastHeartbeatTime: time, lastTransitionTime: time };
        const body = { status: { conditions: [condition] } };
        await client.patch(nodes, { name }, { type: "strategic", body }, { subresource: "status" });
      }
      await this.cluster.at(STEP_MS);
    }
  }

  /** The nodes that bear such a taint. */
  async tainted(effect: string): Promise<string[]> {
    const all = await this.cluster.list(nodes);
    return all
      .filter(({ spec }) => spec.taints?.some((taint) => taint.effect === effect))
      .map(({ metadata }) => metadata.name);
  }
}

test("one node: it is emptied as soon as it is given up", () =>
  script(async (zones) => {
    zones.silent.add("a1");
    await zones.pass(45_000);
    assert.deepEqual(await zones.tainted("NoSchedule"), []);
    await zones.pass(20_000);
    assert.deepEqual([await zones.tainted("NoSchedule"), await zones.tainted("NoExecute")], [["a1"], ["a1"]]);
    zones.silent.clear();
    await zones.pass(10_000);
    assert.deepEqual([await zones.tainted("NoSchedule"), await zones.tainted("NoExecute")], [[], []]);
  }));

test("more than half of a small zone: new pods stay away, and nobody is driven off", () =>
  script(async (zones) => {
    for (const name of ["a1", "a2", "a3"]) zones.silent.add(name);
    await zones.pass(200_000);
    assert.deepEqual([await zones.tainted("NoSchedule"), await zones.tainted("NoExecute")], [["a1", "a2", "a3"], []]);
  }));

test("a whole zone: one node in ten seconds", () =>
  script(async (zones) => {
    for (const name of ["a1", "a2", "a3", "a4"]) zones.silent.add(name);
    await zones.pass(45_000);
    const counts: number[] = [];
    for (let i = 0; i < 12; i++) {
      await zones.pass(STEP_MS);
      counts.push((await zones.tainted("NoExecute")).length);
    }
    const first = counts.findIndex((count) => count > 0);
    assert.ok(first >= 0, counts.join());
    assert.deepEqual(counts.slice(first, first + 8), [1, 1, 2, 2, 3, 3, 4, 4]);
  }));

test("all zones: nobody is driven off, and all is well when they are back", () =>
  script(async (zones) => {
    zones.cluster.node.silent = true;
    for (const name of NAMES) zones.silent.add(name);
    await zones.pass(200_000);
    assert.deepEqual([(await zones.tainted("NoSchedule")).length, await zones.tainted("NoExecute")], [9, []]);
    zones.cluster.node.silent = false;
    zones.silent.clear();
    await zones.pass(30_000);
    assert.deepEqual([await zones.tainted("NoSchedule"), await zones.tainted("NoExecute")], [[], []]);
  }));
