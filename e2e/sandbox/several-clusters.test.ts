/** Clusters on one machine that begin at the same moment: what this machine has of their load balancers, and that none takes anything of another, however that one ended. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createLogger, realClock } from "@kubets/machinery";
import { type ClusterSandbox, createClusterSandbox, leftovers, type NetworkOptions, tryRun } from "@kubets/sandbox";
import { refusal, type TestCluster, testCluster, testLog } from "./machine.ts";

const NAMES = ["first", "second"];

describe("clusters on one machine", { skip: await refusal() }, () => {
  const tests: TestCluster[] = [];
  let clusters: ClusterSandbox[] = [];
  const shown = async (...args: string[]) => (await tryRun("ip", args)).stdout.trim();
  const addressOf = ({ plan }: ClusterSandbox) => plan.loadBalancerRange.replace(/0\/24$/, "7");
  const held = (cluster: ClusterSandbox) => shown("-brief", "address", "show", "dev", "lo", "to", addressOf(cluster));
  const barrier = ({ plan }: ClusterSandbox) => shown("route", "show", "exact", plan.loadBalancerRange);
  const hold = (cluster: ClusterSandbox) =>
    cluster.publish({ hostAddress: addressOf(cluster), hostPort: 80, target: { host: "127.0.0.1", port: 80 } });
  const hasAll = async (cluster: ClusterSandbox) => {
    assert.match(await held(cluster), new RegExp(addressOf(cluster)));
    assert.match(await barrier(cluster), /^unreachable /);
  };
  const start = ({ place: { name, folder } }: TestCluster, network: NetworkOptions = {}, log = testLog) =>
    createClusterSandbox({ name, folder, network, uplink: false, clock: realClock, log });

  before(async () => {
    for (const name of NAMES) tests.push(await testCluster(name));
    clusters = await Promise.all(tests.map((test) => start(test)));
  });
  after(async () => {
    for (const cluster of clusters) assert.deepEqual(await cluster.remove(), []);
    for (const test of tests) await test.removeFolder();
  });

  it("have ranges of their own, also when they begin together", async () => {
    for (const kind of ["loadBalancerRange", "uplinkRange"] as const)
      assert.equal(new Set(clusters.map(({ plan }) => plan[kind])).size, NAMES.length);
    for (const cluster of clusters) {
      await hold(cluster);
      await hasAll(cluster);
    }
  });

  it("refuse a range that is another's", async () => {
    const [first] = clusters as [ClusterSandbox];
    const test = await testCluster("asks");
    tests.push(test);
    const { loadBalancerRange } = first.plan;
    await assert.rejects(
      start(test, { loadBalancerRange }),
      /is another cluster's on this machine: give another range/,
    );
    assert.deepEqual(await leftovers(test.place, { data: false }), []);
    await hasAll(first);
  });

  it("take nothing of another when they go, nor when they come back after it took their range", async () => {
    const [first, second] = clusters as [ClusterSandbox, ClusterSandbox];
    const { loadBalancerRange } = second.plan;
    assert.deepEqual(await second.stop(), []);
    assert.equal(`${await held(second)}${await barrier(second)}`, "");
    await hasAll(first);

    const test = await testCluster("successor");
    tests.push(test);
    const successor = await start(test, { loadBalancerRange });
    clusters.push(successor);
    await hold(successor);
    const said: string[] = [];
    const log = createLogger({ write: (line: string) => said.push(line) });
    const again = await start(tests[1] as TestCluster, {}, log);
    clusters[1] = again;
    assert.match(said.join(""), /another cluster has ranges by now that this one had/);
    assert.notEqual(again.plan.loadBalancerRange, loadBalancerRange);
    assert.deepEqual(await again.stop(), []);
    await hasAll(successor);
  });
});
