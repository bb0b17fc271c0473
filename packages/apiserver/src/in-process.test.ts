import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, before, test } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client";
import { startTestServer } from "./testing/server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

test("a signal that outlives many requests is not kept busy by those that are over", async () => {
  const { signal } = new AbortController();
  const client = createClient(server.server.transport({ name: "admin", groups: ["system:masters"] }));
  await client.create(configmaps, { metadata: { namespace: "kube-public", name: "a" } }, { signal });
  await assert.rejects(client.get(configmaps, { namespace: "kube-public", name: "b" }, { signal }));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a request that is given up is refused with the signal's reason", async () => {
  const giving = new AbortController();
  const client = createClient(server.server.transport({ name: "admin", groups: ["system:masters"] }));
  const asked = client.list(configmaps, { namespace: "kube-public", signal: giving.signal });
  giving.abort(new Error("no longer wanted"));
  await assert.rejects(asked, /no longer wanted/);
});
