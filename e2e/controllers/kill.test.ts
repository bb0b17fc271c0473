/**
 * Controllers that are killed at each write of what they do, before it is done or after, and started again: it ends as it should, and on the way
 * nothing is as it must not be.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transport } from "@kubets/client";
import { startCluster } from "./cluster.ts";
import { undertakings } from "./undertakings.ts";

/** Lets so many writes through; the process that makes the next one is gone, before the server sees it or after. */
function dyingAt(count: number, seen: "before" | "after", died: () => void): (transport: Transport) => Transport {
  let left = count;
  let dead = false;
  const never = new Promise<never>(() => {});
  return (transport) => ({
    ...transport,
    async request(request) {
      if (dead) return never;
      const counts = request.method !== "GET" && !request.path.includes("/events");
      if (!counts || left-- > 0) return transport.request(request);
      dead = true;
      if (seen === "after") await transport.request(request);
      died();
      return never;
    },
  });
}

for (const { name, controllers, fate, writes, begin, isDone } of undertakings)
  for (const seen of ["before", "after"] as const)
    test(`${name} survives a kill at each of its writes, ${seen} the server sees it`, {
      timeout: 300_000,
    }, async () => {
      const cluster = await startCluster({ copies: 0, controllers, ...(fate && { fate }) });
      try {
        let copy = 0;
        const run = (road?: (transport: Transport) => Transport) => {
          const stopping = new AbortController();
          void cluster.runControllers(copy++, stopping.signal, road);
          return stopping;
        };
        await begin(cluster, 0);
        let running = run();
        await cluster.until(() => isDone(cluster, 0, 1));
        running.abort();
        let killed = true;
        for (let round = 1; killed; round++) {
          killed = false;
          const at = round - 1;
          await begin(cluster, round);
          running = run(dyingAt(at, seen, () => void (killed = true)));
          await cluster.until(async () => killed || (await isDone(cluster, round, 1)));
          running.abort();
          running = run();
          await cluster.until(() => isDone(cluster, round, 1));
          running.abort();
          assert.ok(at < 60, `${name} has no end of writes`);
          if (!killed) assert.ok(at > writes, `${name} has more than ${at} writes`);
        }
      } finally {
        await cluster.stop();
      }
    });
