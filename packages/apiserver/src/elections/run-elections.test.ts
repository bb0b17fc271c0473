import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { builtInResources } from "@kubets/api/all";
import { leasecandidates, leases } from "@kubets/api/generated/refs";
import { servedResources } from "@kubets/api/runtime-config";
import type { Client } from "@kubets/client/client";
import { runLeaderElection } from "@kubets/client/leader-election";
import { seededRandom, silentLogger } from "@kubets/machinery";
import { formatMicroTime } from "@kubets/machinery/time";
import { startTestServer } from "../testing/server.ts";
import { holdsElections, runElections } from "./run-elections.ts";

const API = "coordination.k8s.io/v1beta1=true";
const key = { namespace: "kube-system", name: "work" };

async function newFixture(t: TestContext) {
  const { admin: client, clock, close } = await startTestServer({ runtimeConfig: [API] });
  const stop = new AbortController();
  const { signal } = stop;
  const parts = { clock, random: seededRandom(1), log: silentLogger, signal };
  const running: Promise<unknown>[] = [];
  t.after(async () => {
    stop.abort();
    await clock.advance(0);
    await Promise.all(running);
    await close();
  });
  const told: string[] = [];
  /** A component that is of version 1.36, as all of this program. */
  function component(identity: string) {
    const lead = async (leading: AbortSignal) => {
      told.push(`${identity} leads`);
      await new Promise((resolve) => leading.addEventListener("abort", resolve, { once: true }));
    };
    const election = runLeaderElection({
      ...parts,
      client,
      ...key,
      identity,
      lead,
      coordinated: true,
      releaseOnStop: true,
    });
    running.push(election.then((how) => told.push(`${identity} ${how}`)));
  }
  const lease = async () => (await client.get(leases, key).catch(() => undefined))?.spec;
  const until = async (what: string, look: () => Promise<boolean>) => {
    for (let seconds = 0; !(await look()); seconds++) {
      if (seconds > 120) throw new Error(`${what} did not come true: ${JSON.stringify([told, await lease()])}`);
      await clock.advance(1000);
    }
  };
  const elect = () => running.push(runElections({ ...parts, client }, "host"));
  return { client, clock, told, component, lease, until, elect };
}

const putForward = (client: Client, name: string, emulationVersion: string, renewTime: string) =>
  client.create(leasecandidates, {
    metadata: { ...key, name },
    spec: {
      leaseName: key.name,
      binaryVersion: "1.36.0",
      emulationVersion,
      strategy: "OldestEmulationVersion",
      renewTime,
    },
  });

test("the API server says who leads, and the leader makes room for an older version", async (t) => {
  const { client, clock, told, component, lease, until, elect } = await newFixture(t);
  component("a");
  await clock.advance(30_000);
  assert.equal(told.length, 0, "nobody takes the lease by itself");
  elect();
  await until("the first leader", async () => told.includes("a leads"));
  assert.equal((await lease())?.strategy, "OldestEmulationVersion");
  component("b");
  await clock.advance(30_000);
  assert.deepEqual(told, ["a leads"]);
  assert.equal((await lease())?.leaseDurationSeconds, 15, "it is renewed by who holds it");

  await putForward(client, "old", "1.35.0", formatMicroTime(clock.now()));
  await until("the hand over", async () => (await lease())?.holderIdentity === "old");
  assert.deepEqual(told, ["a leads", "a lost"]);
  // It does not live, so that another is chosen.
  await until("the next leader", async () => told.includes("b leads"));
  const { holderIdentity, preferredHolder } = (await lease()) ?? {};
  assert.deepEqual([holderIdentity, preferredHolder], ["b", undefined]);
});

test("candidates that were silent for half an hour are removed", async (t) => {
  const { client, clock, until, elect } = await newFixture(t);
  await putForward(client, "old", "1.36.0", formatMicroTime(clock.now() - 1_801_000));
  await putForward(client, "new", "1.36.0", formatMicroTime(clock.now()));
  elect();
  const names = async () => (await client.list(leasecandidates)).items.map(({ metadata }) => metadata.name);
  await until("the removal", async () => (await names()).length === 1);
  assert.deepEqual(await names(), ["new"]);
});

test("there are elections where the gate and the API are both there", () => {
  const beta = servedResources([API], () => true);
  assert.deepEqual(
    [holdsElections(beta, () => true), holdsElections(beta, () => false), holdsElections(builtInResources, () => true)],
    [true, false, false],
  );
});
