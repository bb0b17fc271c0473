import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import type { StatusError } from "@kubets/machinery";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import { startTestServer } from "../testing/server.ts";
import { told } from "../testing/told.ts";
import { limitGate } from "./gate.ts";
import type { InFlightLimit } from "./in-flight-limit.ts";

describe("the gate", () => {
  it("says to whom it turns away when to come again", () => {
    let answer: readonly [status: number, headers: readonly string[]] | undefined;
    const exchange = { respond: (status: number, headers: readonly string[]) => (answer = [status, headers]) };
    const info = { verb: "list", isResource: true } as unknown as RequestInfo;
    const full = { enter: () => undefined } as unknown as InFlightLimit;
    const run = () => assert.fail("it was let in");
    void limitGate(full, () => {})(exchange as unknown as CoreExchange, info, { name: "jane", groups: [] }, run);
    const [status, headers = []] = answer ?? [];
    assert.equal(status, 429);
    assert.equal(headers[headers.indexOf("retry-after") + 1], "1");
  });

  it("shows who waits before it, and for what", async () => {
    const seats = { reads: 0, writes: 1, longestWaitMs: 1000, fair: true };
    const cluster = await startTestServer({ concurrency: seats });
    try {
      const dump = async (what: string) => {
        const path = `/debug/api_priority_and_fairness/dump_${what}`;
        const answer = await cluster.admin.raw("GET", path);
        const rows = Buffer.from(answer.body).toString().trimEnd().split("\n");
        const [columns = [], ...all] = rows.map((row) => row.split(", "));
        return all.filter(([level]) => level === "global-default").map((row) => zip(columns, row));
      };
      const level = cluster.server.context.fairness?.levels.get("global-default");
      const held = level?.enter("somebody", 1, { start() {}, refuse() {} });
      assert.deepEqual(await dump("requests"), []);
      const late = assert.rejects(
        cluster.user("jane").create(configmaps, { metadata: { name: "a", namespace: "default" } }),
        ({ code, status }: StatusError) => code === 429 && status.details?.retryAfterSeconds === 1,
      );
      const [request, ...others] = await dump("requests");
      assert.deepEqual([request?.["FlowSchemaName"], request?.["InitialSeats"], others], ["global-default", "1", []]);
      const [busy] = await dump("priority_levels");
      assert.deepEqual([busy?.["WaitingRequests"], busy?.["ExecutingRequests"]], ["1", "1"]);
      const waiting = (await dump("queues")).filter((queue) => queue["PendingRequests"] === "1");
      assert.equal(waiting.length, 1);
      await cluster.clock.advance(1000);
      await late;
      const labels = 'group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"';
      const series = `apiserver_request_terminations_total{code="429",component="apiserver",${labels}}`;
      assert.equal(told(cluster.server.context.metrics.registry, series), 1);
      if (held) level?.leave(held);
    } finally {
      await cluster.close();
    }
  });
});

const zip = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
