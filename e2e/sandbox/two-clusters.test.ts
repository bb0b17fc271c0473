/** Two clusters on one machine: what this machine has of their load balancers, and that one that goes takes nothing of the other. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { realClock } from "@kubets/machinery";
import { type ClusterSandbox, createClusterSandbox, tryRun } from "@kubets/sandbox";
import { refusal, type TestCluster, testCluster, testLog } from "./machine.ts";

describe("two clusters on one machine", { skip: await refusal() }, () => {
  const tests: TestCluster[] = [];
  const clusters: ClusterSandbox[] = [];
  const shown = async (...args: string[]) => (await tryRun("ip", args)).stdout.trim();
  const addressOf = (cluster: ClusterSandbox) => cluster.plan.loadBalancerRange.replace(/0\/24$/, "7");
  const held = (cluster: ClusterSandbox) => shown("-brief", "address", "show", "dev", "lo", "to", addressOf(cluster));
  const barrier = (cluster: ClusterSandbox) => shown("route", "show", "exact", cluster.plan.loadBalancerRange);

  before(async () => {
    for (const name of ["first", "second"]) {
      const test = await testCluster(name);
      tests.push(test);
      const { name: own, folder } = test.place;
      clusters.push(await createClusterSandbox({ name: own, folder, uplink: false, clock: realClock, log: testLog }));
    }
  });
  after(async () => {
    for (const cluster of clusters) assert.deepEqual(await cluster.remove(), []);
    for (const test of tests) await test.removeFolder();
  });

  it("have ranges of load balancers of their own, and one that goes takes nothing of the other", async () => {
    const [first, second] = clusters as [ClusterSandbox, ClusterSandbox];
    assert.notEqual(first.plan.loadBalancerRange, second.plan.loadBalancerRange);
    for (const cluster of clusters) {
      assert.match(await barrier(cluster), /^unreachable /);
      await cluster.publish({ hostAddress: addressOf(cluster), hostPort: 80, target: { host: "127.0.0.1", port: 80 } });
      assert.match(await held(cluster), new RegExp(addressOf(cluster)));
    }
    assert.deepEqual(await second.remove(), []);
    assert.equal(`${await held(second)}${await barrier(second)}`, "");
    assert.match(await held(first), new RegExp(addressOf(first)));
    assert.match(await barrier(first), /^unreachable /);
  });
});
