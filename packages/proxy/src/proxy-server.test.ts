import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { metricsHandler, serve } from "./proxy-server.ts";

test("a proxy says what it is and how it was started", async () => {
  const clock = new VirtualClock();
  const program = { name: "kube-proxy", startedAt: clock.now(), flags: { "proxy-mode": "nftables" } };
  const server = await serve(metricsHandler(new MetricsRegistry(), "nftables", program, clock), {
    host: "127.0.0.1",
    port: 0,
  });
  const { port } = server.address() as AddressInfo;
  const get = async (path: string, accept = "*/*") => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept } });
    return { status: answer.status, text: await answer.text() };
  };
  assert.match((await get("/statusz")).text, /^\nkube-proxy statusz\n/);
  assert.match((await get("/flagz")).text, /\n\nproxy-mode=nftables\n$/);
  assert.equal((await get("/flagz", "application/yaml")).status, 406);
  assert.equal((await get("/proxyMode")).text, "nftables");
  assert.equal((await get("/nothing")).status, 404);
  server.close();
});
