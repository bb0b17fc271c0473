import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { events } from "@kubets/api/generated/refs";
import type { Event } from "@kubets/api/generated/types/core-v1";
import { forbidden, seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { createEventRecorder } from "./cluster-event-recorder.ts";
import type { ObjectToldOf } from "./event-recorder.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import { createClient } from "./typed-client.ts";

const pod: ObjectToldOf = {
  kind: "Pod",
  apiVersion: "v1",
  namespace: "ns",
  name: "web",
  uid: "u1",
  resourceVersion: "7",
};

function newFixture(t: TestContext) {
  const clock = new VirtualClock();
  const api = new MemoryApi();
  const client = createClient(api);
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  const warned: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warned.push(message) };
  const recorder = createEventRecorder({
    client,
    clock,
    random: seededRandom(1),
    log,
    component: "kubelet",
    host: "node-1",
    signal: stopping.signal,
  });
  const written = async (namespace = "ns"): Promise<readonly Event[]> =>
    (await client.list(events, { namespace })).items;
  const writes = () => api.requests.filter((text) => /^(POST|PATCH)/.test(text)).length;
  return { clock, api, client, recorder, written, writes, warned, stopping };
}

describe("event recorder", () => {
  it("writes an event as the original does", async (t) => {
    const { clock, recorder, written } = newFixture(t);
    recorder.event({ ...pod, fieldPath: "spec.containers{web}" }, "Normal", "Pulled", "It is there");
    await clock.advance(10);
    const [event] = await written();
    const nanos = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
    const { uid: _, resourceVersion: __, ...metadata } = event?.metadata ?? ({} as Event["metadata"]);
    assert.deepEqual(
      { ...event, metadata },
      {
        kind: "Event",
        apiVersion: "v1",
        metadata: { name: `web.${nanos.toString(16)}`, namespace: "ns" },
        involvedObject: { ...pod, fieldPath: "spec.containers{web}" },
        reason: "Pulled",
        message: "It is there",
        source: { component: "kubelet", host: "node-1" },
        firstTimestamp: "2026-01-01T00:00:00Z",
        lastTimestamp: "2026-01-01T00:00:00Z",
        count: 1,
        type: "Normal",
        reportingComponent: "kubelet",
        reportingInstance: "node-1",
      },
    );
  });

  it("tells of objects of the cache; those without namespace in default", async (t) => {
    const { clock, recorder, written } = newFixture(t);
    const metadata = { name: "node-1", uid: "u", resourceVersion: "3", creationTimestamp: "" };
    recorder
      .as("node-controller", "")
      .event({ kind: "Node", apiVersion: "v1", metadata }, "Warning", "Lost", "It went");
    await clock.advance(10);
    const [event] = await written("default");
    assert.deepEqual(event?.involvedObject, {
      kind: "Node",
      name: "node-1",
      uid: "u",
      apiVersion: "v1",
      resourceVersion: "3",
    });
    assert.deepEqual(
      [event?.source, event?.reportingComponent, event?.reportingInstance],
      [{ component: "node-controller" }, "node-controller", ""],
    );
  });

  it("names an event by a UUID where the object's name is none for it", async (t) => {
    const { clock, recorder, written } = newFixture(t);
    recorder.event({ ...pod, name: "system:node" }, "Normal", "R", "m");
    await clock.advance(10);
    assert.match((await written())[0]?.metadata.name ?? "", /^[0-9a-f]{8}-/);
  });

  it("counts repeats up by a patch", async (t) => {
    const { clock, api, recorder, written } = newFixture(t);
    for (let i = 0; i < 3; i++) {
      recorder.event(pod, "Warning", "BackOff", "again");
      await clock.advance(60_000);
    }
    const all = await written();
    assert.equal(all.length, 1);
    assert.deepEqual(
      [all[0]?.count, all[0]?.firstTimestamp, all[0]?.lastTimestamp],
      [3, "2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z"],
    );
    assert.deepEqual(api.bodies.at(-1), { count: 3, lastTimestamp: "2026-01-01T00:02:00Z", message: "again" });
  });

  it("writes anew what has gone from the server meanwhile", async (t) => {
    const { clock, client, recorder, written } = newFixture(t);
    recorder.event(pod, "Warning", "BackOff", "again");
    await clock.advance(10);
    const [event] = await written();
    await client.delete(events, { namespace: "ns", name: event?.metadata.name ?? "" });
    recorder.event(pod, "Warning", "BackOff", "again");
    await clock.advance(10);
    assert.deepEqual(
      (await written()).map(({ count }) => count),
      [2],
    );
  });

  it("combines what differs in the message alone, from the tenth on", async (t) => {
    const { clock, recorder, written } = newFixture(t);
    for (let i = 0; i < 12; i++) recorder.event(pod, "Warning", "Failed", `try ${i}`);
    await clock.advance(10);
    const all = await written();
    assert.equal(all.length, 10);
    const last = all.at(-1);
    assert.deepEqual([last?.message, last?.count], ["(combined from similar events): try 11", 3]);
  });

  it("does not combine what lies more than ten minutes apart", async (t) => {
    const { clock, recorder, written } = newFixture(t);
    for (let i = 0; i < 12; i++) {
      recorder.event(pod, "Warning", "Failed", `try ${i}`);
      await clock.advance(600_001);
    }
    assert.ok((await written()).every(({ message }) => message?.startsWith("try ")));
  });

  it("lets a source write 25 events about an object, then one in five minutes", async (t) => {
    const { clock, recorder, writes } = newFixture(t);
    for (let i = 0; i < 40; i++) recorder.event(pod, "Warning", "BackOff", "again");
    recorder.event({ ...pod, name: "other", uid: "u2" }, "Warning", "BackOff", "again");
    await clock.advance(10);
    assert.equal(writes(), 26);
    await clock.advance(300_000);
    for (let i = 0; i < 3; i++) recorder.event(pod, "Warning", "BackOff", "again");
    await clock.advance(10);
    assert.equal(writes(), 27);
  });

  it("tries again what did not reach the server, and not what it refused", async (t) => {
    const { clock, api, recorder, written, warned } = newFixture(t);
    api.failNext(new Error("connection refused"), new Error("connection refused"));
    recorder.event(pod, "Normal", "A", "a");
    await clock.advance(25_000);
    assert.deepEqual(
      (await written()).map(({ reason }) => reason),
      ["A"],
    );
    api.failNext(forbidden({ group: "", resource: "events" }, "", "no"));
    recorder.event(pod, "Normal", "B", "b");
    recorder.event(pod, "Normal", "C", "c");
    await clock.advance(10);
    assert.deepEqual(
      (await written()).map(({ reason }) => reason),
      ["A", "C"],
    );
    assert.deepEqual(warned, ["an event was not written"]);
  });

  it("drops what comes on top of a thousand, and everything once stopped", async (t) => {
    const { clock, api, recorder, writes, warned, stopping } = newFixture(t);
    for (let i = 0; i < 1100; i++) recorder.event({ ...pod, uid: `u${i}` }, "Normal", "A", "a");
    await clock.advance(10);
    assert.equal(writes(), 1000);
    assert.deepEqual(warned, ["events are dropped: too many wait to be written", "events were dropped"]);
    stopping.abort();
    recorder.event({ ...pod, uid: "x" }, "Normal", "A", "a");
    await clock.advance(10);
    assert.equal(api.requests.length, 1000);
  });
});
