import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { eventsEventsV1 } from "@kubets/api/generated/refs";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { createSeriesRecorder } from "./series-event-recorder.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import { createClient } from "./typed-client.ts";

const pod = { kind: "Pod", apiVersion: "v1", namespace: "ns", name: "web", uid: "u1", resourceVersion: "7" };
const how = { action: "Scheduling" };

function newFixture(t: TestContext) {
  const clock = new VirtualClock();
  const api = new MemoryApi();
  const client = createClient(api);
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  const recorder = createSeriesRecorder({
    client,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    component: "default-scheduler",
    host: "here",
    signal: stopping.signal,
  });
  const written = async () => (await client.list(eventsEventsV1, { namespace: "ns" })).items;
  const writes = () => api.requests.filter((text) => /^(POST|PATCH)/.test(text)).length;
  return { clock, api, recorder, written, writes };
}

it("writes an event of events.k8s.io", async (t) => {
  const { clock, recorder, written } = newFixture(t);
  recorder.event(pod, "Warning", "FailedScheduling", "nowhere", { ...how, related: { ...pod, name: "other" } });
  await clock.advance(10);
  const [{ metadata, ...event } = {} as never] = await written();
  assert.match(metadata.name, /^web\.[0-9a-f]+$/);
  assert.deepEqual(event, {
    kind: "Event",
    apiVersion: "events.k8s.io/v1",
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingController: "default-scheduler",
    reportingInstance: "default-scheduler-here",
    action: "Scheduling",
    reason: "FailedScheduling",
    regarding: pod,
    related: { ...pod, name: "other" },
    note: "nowhere",
    type: "Warning",
  });
});

it("makes a series of what happens again, whatever it says then", async (t) => {
  const { clock, recorder, written, writes } = newFixture(t);
  for (const note of ["a", "b", "c", "d"]) {
    recorder.event({ ...pod, resourceVersion: note }, "Warning", "FailedScheduling", note, how);
    await clock.advance(1000);
  }
  recorder.event(pod, "Normal", "Scheduled", "there", { action: "Binding" });
  await clock.advance(10);
  const [first, second] = await written();
  assert.deepEqual([first?.note, first?.series?.count, second?.note, second?.series], ["a", 2, "there", undefined]);
  assert.equal(writes(), 3);
  await clock.advance(13 * 60_000);
  assert.deepEqual((await written())[0]?.series, { count: 4, lastObservedTime: "2026-01-01T00:00:03.000000Z" });
  recorder.event(pod, "Warning", "FailedScheduling", "e", how);
  await clock.advance(10);
  assert.equal((await written()).at(-1)?.note, "e", "a series that has ended does not go on");
});

it("writes anew what has gone from the server, and nothing once stopped", async (t) => {
  const { clock, api, recorder, written } = newFixture(t);
  recorder.event(pod, "Warning", "FailedScheduling", "a", how);
  await clock.advance(10);
  const [{ metadata } = {} as never] = await written();
  await createClient(api).delete(eventsEventsV1, { namespace: "ns", name: metadata.name });
  recorder.event(pod, "Warning", "FailedScheduling", "a", how);
  await clock.advance(10);
  assert.equal((await written())[0]?.series?.count, 2);
});

it("drops none of the events of many pods, which the server takes more slowly than they come", async (t) => {
  const { clock, recorder, writes } = newFixture(t);
  const many = 5000;
  for (let i = 0; i < many; i++) recorder.event({ ...pod, uid: `u${i}` }, "Normal", "Scheduled", "there", how);
  for (let turns = 0; writes() < many && turns < many; turns++) await clock.advance(1);
  assert.equal(writes(), many);
});
