/** /debug/api_priority_and_fairness/...: what the levels, their queues and the requests that wait in them look like, as tables of text. */
import type { CoreExchange } from "../front/core-exchange.ts";
import { respondPageNotFound } from "../nonresource/page-not-found.ts";
import type { Fairness } from "./fairness.ts";
import type { PriorityLevel } from "./priority-level.ts";

type Row = readonly (string | number | boolean)[];

export function serveFairnessDebug(fairness: Fairness | undefined, exchange: CoreExchange, path: string): void {
  const table = fairness && TABLES[path.slice(path.lastIndexOf("/") + 1)];
  if (!table) return respondPageNotFound(exchange);
  const levels = [...fairness.levels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const text = [table.columns, ...levels.flatMap(table.rows)].map((row) => `${row.join(", ")}\n`).join("");
  exchange.respond(200, ["content-type", "text/plain; charset=utf-8"], Buffer.from(text));
}

const TABLES: Readonly<Record<string, { columns: Row; rows(level: PriorityLevel): Row[] }>> = {
  dump_priority_levels: {
    columns: [
      "PriorityLevelName",
      "ActiveQueues",
      "IsIdle",
      "IsQuiescing",
      "WaitingRequests",
      "ExecutingRequests",
      "DispatchedRequests",
      "RejectedRequests",
      "TimedoutRequests",
      "CancelledRequests",
    ],
    rows: ({ name, queues, dispatched, refused }) => [
      [
        name,
        queues.queues.filter((queue) => queue?.waiting.length).length,
        queues.running + queues.waiting === 0,
        false,
        queues.waiting,
        queues.running,
        dispatched,
        refused["queue-full"] + refused["concurrency-limit"],
        refused["time-out"],
        0,
      ],
    ],
  },
  dump_queues: {
    columns: ["PriorityLevelName", "Index", "PendingRequests", "SeatsInUse", "NextDispatchR"],
    rows: ({ name, queues }) =>
      queues.queues
        .filter(Boolean)
        .map(({ index, waiting, running, next }) => [name, index, waiting.length, running, (next / 1000).toFixed(8)]),
  },
  dump_requests: {
    columns: [
      "PriorityLevelName",
      "FlowSchemaName",
      "QueueIndex",
      "RequestIndexInQueue",
      "FlowDistingsher",
      "ArriveTime",
      "InitialSeats",
    ],
    rows: ({ name, queues }) =>
      queues.queues.filter(Boolean).flatMap(({ index, waiting }) =>
        waiting.map(({ flow, arrived, width }, i) => {
          const [schema = "", by = ""] = flow.split("\0");
          return [name, schema, index, i, by, arrived.toFixed(3), width];
        }),
      ),
  },
};
