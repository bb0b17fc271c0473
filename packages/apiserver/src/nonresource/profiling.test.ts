import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer } from "../testing/server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
before(async () => {
  server = await startTestServer({ modes: ["RBAC"] });
});
after(() => server.close());

async function get(path: string, groups = ["system:masters"]) {
  const transport = server.server.transport({ name: "somebody", groups });
  const response = await transport.request({ method: "GET", path });
  return { status: response.status, text: Buffer.from(await response.bytes()).toString() };
}

/** Asked for as long as the clock is moved. */
async function profile(name: string): Promise<{ nodes?: unknown[]; head?: object }> {
  const answer = get(`/debug/pprof/${name}?seconds=5`);
  await server.clock.advance(5000);
  const { status, text } = await answer;
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

test("a profile tells which functions ran, and what was taken of memory, in V8's forms", async () => {
  assert.ok((await profile("profile")).nodes?.length);
  assert.ok((await profile("heap")).head);
});

test("what there is, is told; what there is not, and a time without an end, is refused", async () => {
  assert.match((await get("/debug/pprof/")).text, /^\/debug\/pprof\/profile: /m);
  assert.ok((await get("/debug/pprof/cmdline")).text.split("\0").length > 0);
  assert.equal((await get("/debug/pprof/goroutine")).status, 404);
  for (const seconds of ["0", "-1", "1e9", "some"])
    assert.equal((await get(`/debug/pprof/profile?seconds=${seconds}`)).status, 400, seconds);
});

test("who is given no right to the path sees nothing of it", async () =>
  assert.equal((await get("/debug/pprof/profile?seconds=1", ["system:authenticated"])).status, 403));

test("where profiling is off, there is no such path", async () => {
  const options = server.server.context.options as { profiling?: boolean };
  options.profiling = false;
  assert.equal((await get("/debug/pprof/")).status, 404);
  delete options.profiling;
});
