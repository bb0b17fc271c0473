import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps, customresourcedefinitions } from "@kubets/api/generated/refs";
import { startTestServer } from "../testing/server.ts";
import { definitionOfThings } from "../testing/things.ts";
import { told } from "../testing/told.ts";

const of = (resource: string, group = "") => `{group="${group}",resource="${resource}"}`;
const indexed = '{group="",index="",resource="configmaps"}';

async function withThree() {
  const started = await startTestServer();
  const { admin, server, user } = started;
  for (const name of ["a", "b", "c"])
    await admin.create(configmaps, { metadata: { namespace: "kube-public", name, labels: { name } } });
  const transport = server.transport({ name: "admin", groups: ["system:masters"] });
  const list = async (query: Record<string, string>) => {
    const path = `/api/v1/namespaces/kube-public/configmaps?${new URLSearchParams(query)}`;
    const { status, object } = await transport.request({ method: "GET", path });
    return { status, list: object?.() as { metadata: { resourceVersion: string } } };
  };
  return { ...started, user, list, now: (series: string) => told(server.context.metrics.registry, series) };
}

test("lists from memory are counted, with what they looked at and what they showed", async (t) => {
  const { list, now, close } = await withThree();
  t.after(close);
  const before = now(`apiserver_cache_list_total${indexed}`) ?? 0;
  await list({ labelSelector: "name=b" });
  await list({ limit: "2", resourceVersion: "1" });
  assert.equal(now(`apiserver_cache_list_total${indexed}`), before + 2);
  assert.equal(now(`apiserver_cache_list_fetched_objects_total${indexed}`), 5);
  assert.equal(now(`apiserver_cache_list_returned_objects_total${of("configmaps")}`), 3);
  assert.equal(
    now('apiserver_watch_cache_consistent_read_total{fallback="false",group="",resource="configmaps",success="true"}'),
    1,
  );
});

test("a list of the past comes from storage", async (t) => {
  const { admin, list, now, close } = await withThree();
  t.after(close);
  const { resourceVersion } = (await list({})).list.metadata;
  await admin.delete(configmaps, { namespace: "kube-public", name: "c" });
  await list({ resourceVersion, resourceVersionMatch: "Exact", labelSelector: "name=c" });
  assert.equal(now(`apiserver_storage_list_total${of("configmaps")}`), 1);
  assert.equal(now(`apiserver_storage_list_fetched_objects_total${of("configmaps")}`), 3);
  assert.equal(now(`apiserver_storage_list_evaluated_objects_total${of("configmaps")}`), 3);
  assert.equal(now(`apiserver_storage_list_returned_objects_total${of("configmaps")}`), 1);
});

test("waits for a revision are measured, also those that are given up", async (t) => {
  const { clock, list, now, close } = await withThree();
  t.after(close);
  const waits = () => now(`apiserver_watch_cache_read_wait_seconds_count${of("configmaps")}`) ?? 0;
  await list({ resourceVersion: "1" });
  assert.equal(waits(), 1);
  const answer = list({ resourceVersion: "1000000" });
  await clock.advance(3000);
  assert.equal((await answer).status, 504);
  assert.equal(waits(), 2);
  assert.equal(now(`apiserver_watch_cache_read_wait_seconds_sum${of("configmaps")}`), 3);
});

test("a list that cannot learn how new storage is fails, and is counted so", async (t) => {
  const { server, list, now, close } = await withThree();
  t.after(close);
  const { storage } = server.context.feed;
  Object.assign(storage, { exclusive: false, currentRevision: () => Promise.reject(new Error("away")) });
  assert.equal((await list({})).status, 500);
  assert.equal(
    now('apiserver_watch_cache_consistent_read_total{fallback="false",group="",resource="configmaps",success="false"}'),
    1,
  );
});

test("how much the objects of a resource take follows them", async (t) => {
  const { admin, now, close } = await withThree();
  t.after(close);
  const size = () => now(`apiserver_resource_size_estimate_bytes${of("configmaps")}`) ?? 0;
  const before = size();
  const key = { namespace: "kube-public", name: "a" };
  await admin.patch(configmaps, key, { type: "merge", body: { data: { text: "x".repeat(10_000) } } });
  assert.ok(size() > before + 10_000 && size() < before + 11_000);
  await admin.delete(configmaps, key);
  assert.ok(size() < before);
});

test("a stored value that cannot be read is counted", async (t) => {
  const { admin, server, now, close } = await withThree();
  t.after(close);
  const key = "/registry/example.com/things/a";
  await server.context.feed.storage.commit({ key, expect: 0, value: () => Buffer.from("{") });
  await admin.create(customresourcedefinitions, definitionOfThings());
  const errors = () => now(`apiserver_storage_decode_errors_total${of("things", "example.com")}`);
  while (errors() === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.ok((errors() ?? 0) >= 1);
});

test("how long it took to be told of all that is there is measured for who asks to be told", async (t) => {
  const { server, now, close } = await withThree();
  t.after(close);
  const query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
  const transport = server.transport({ name: "admin", groups: ["system:masters"] });
  const path = `/api/v1/namespaces/kube-public/configmaps?${query}`;
  const watch = await transport.watch?.({ method: "GET", path }, { events() {}, closed() {} });
  const labels = '{group="",resource="configmaps",scope="namespace",version="v1"}';
  assert.equal(now(`apiserver_watch_list_duration_seconds_count${labels}`), 1);
  watch?.stop();
});
