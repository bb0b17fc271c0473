/** The proxy in time: batches, failures, repairs. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { endpointslices, nodes, services } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import type { ProxyBackend } from "./backend.ts";
import { startProxy } from "./run-proxy.ts";
import { endpoint, service, slice } from "./testing/objects.ts";

function newFixture(t: TestContext) {
  const clock = new VirtualClock();
  const api = new MemoryApi();
  const client = createClient(api);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const calls: string[] = [];
  const faults: Error[] = [];
  const call = async (text: string) => {
    calls.push(text);
    const fault = faults.shift();
    if (fault) throw fault;
  };
  const backend: ProxyBackend = {
    name: "nftables",
    unavailable: async () => undefined,
    replace: (plan) => call(`replace ${[...plan.ports.keys()].join(" ")}`),
    apply: ({ put, remove }) => call(`apply +${put.map(({ id }) => id).join(" ")} -${remove.join(" ")}`),
    cleanup: async () => {},
  };
  const cache = new SharedInformers({ client, clock, random: seededRandom(1), log: silentLogger, signal: stop.signal });
  const start = async () => {
    const metrics = new MetricsRegistry();
    const proxy = startProxy({
      cache,
      clock,
      log: silentLogger,
      nodeName: "here",
      backend,
      signal: stop.signal,
      metrics,
    });
    await clock.advance(50);
    return proxy;
  };
  const told = () => calls.splice(0);
  return { clock, client, start, told, faults, stop };
}

const ID = "ns/web:80/TCP/IPv4";

describe("the proxy", () => {
  it("replaces once it knows everything, then makes one change of what comes together", async (t) => {
    const { clock, client, start, told } = newFixture(t);
    await client.create(nodes, { metadata: { name: "here", labels: {} } });
    await client.create(services, service("web", {}));
    const proxy = await start();
    await proxy.ready;
    assert.deepEqual(told(), [`replace ${ID}`]);
    await client.create(endpointslices, slice("web-1", "web", [endpoint("1")]));
    await client.create(services, service("two", {}));
    await clock.advance(20);
    assert.deepEqual(told(), [`apply +${ID} ns/two:80/TCP/IPv4 -`]);
    await client.delete(services, { namespace: "ns", name: "two" });
    await clock.advance(20);
    assert.deepEqual(told(), ["apply + -ns/two:80/TCP/IPv4"]);
    assert.equal(proxy.health.stale, false);
  });

  it("replaces what a change could not mend, until it succeeds", async (t) => {
    const { clock, client, start, told, faults } = newFixture(t);
    const proxy = await start();
    told();
    faults.push(new Error("not as left"), new Error("busy"), new Error("busy"));
    await client.create(services, service("web", {}));
    await clock.advance(50);
    assert.deepEqual(told(), [`apply +${ID} -`, `replace ${ID}`]);
    assert.equal(proxy.health.stale, true);
    await clock.advance(1000);
    assert.deepEqual(told(), [`replace ${ID}`]);
    await clock.advance(2000);
    assert.deepEqual(told(), [`replace ${ID}`]);
    assert.equal(proxy.health.stale, false);
  });

  it("looks now and then whether the machine is as it was left, and stops with the signal", async (t) => {
    const { clock, start, told, faults, stop, client } = newFixture(t);
    await start();
    told();
    await clock.advance(30_000);
    assert.deepEqual(told(), ["apply + -"]);
    faults.push(new Error("somebody flushed it"));
    await clock.advance(30_050);
    assert.deepEqual(told(), ["apply + -", "replace "]);
    stop.abort();
    await client.create(services, service("web", {}));
    await clock.advance(100_000);
    assert.deepEqual(told(), []);
  });

  it("tells of a node that is going", async (t) => {
    const { start, client, clock } = newFixture(t);
    const proxy = await start();
    const taints = [{ key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" }];
    await client.create(nodes, { metadata: { name: "here" }, spec: { taints } });
    await clock.advance(50);
    assert.equal(proxy.health.nodeEligible, false);
  });
});
