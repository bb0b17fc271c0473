import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { configmaps, limitranges, pods } from "@kubets/api/generated/refs";
import type { LimitRange } from "@kubets/api/generated/types/core-v1";
import { startTestServer } from "../testing/server.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("the parsed form of what was written goes when nobody needs it; the bytes stay", async () => {
  const { admin, server, close } = await startTestServer();
  const key = { namespace: "default", name: "a" };
  await admin.create(configmaps, { metadata: key, data: { a: "b" } });
  const cached = server.context.served.get("", "v1", "configmaps")?.store?.cache.get("default/a");
  assert.ok(cached);
  const parsed = new WeakRef(cached.object);
  await new Promise(setImmediate);
  collectGarbage();
  assert.equal(parsed.deref(), undefined);
  assert.deepEqual((await admin.get(configmaps, key)).data, { a: "b" });
  await close();
});

test("a list that a kind must have and that nobody gave is an empty one, also when it is read anew", async () => {
  const { admin, server, close } = await startTestServer();
  const at = { namespace: "default", name: "a" };
  await admin.create(limitranges, { metadata: at, spec: {} as never });
  await new Promise(setImmediate);
  collectGarbage();
  const cached = server.context.served.get("", "v1", "limitranges")?.store?.cache.get("default/a");
  assert.ok(cached);
  assert.match(String(cached.bytes), /"limits":null/);
  assert.equal((cached.object as unknown as LimitRange).spec.limits.length, 0);
  assert.ok(await admin.create(pods, { metadata: at, spec: { containers: [{ name: "c", image: "x" }] } }));
  await close();
});
