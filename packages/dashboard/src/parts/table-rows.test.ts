import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../server/forms.ts";
import { matching, OrderedRows } from "./table-rows.ts";

const columns = ["Name", "Ready", "Restarts", "Age"].map((name) => ({
  name,
  type: name === "Restarts" ? "integer" : "string",
}));
const row = (namespace: string, name: string, ready: string, restarts: number, created: string): Row => ({
  cells: [name, ready, restarts, "?"],
  object: { metadata: { namespace, name, creationTimestamp: created } },
});
const rows = [
  row("b", "web-10", "1/1", 12, "2026-01-01T00:00:00Z"),
  row("a", "web-2", "0/1", 2, "2026-01-03T00:00:00Z"),
  row("b", "db", "1/1", 0, "2026-01-02T00:00:00Z"),
];
const namesOf = (all: readonly Row[]) => all.map(({ object }) => object.metadata.name);
const order = (column: string, descending = false) =>
  namesOf(new OrderedRows(columns, { column, descending }).inOrder(rows));

test("rows stand as people count: numbers by their value, ages by time", () => {
  assert.deepEqual(order("Name"), ["db", "web-2", "web-10"]);
  assert.deepEqual(order("Name", true), ["web-10", "web-2", "db"]);
  assert.deepEqual(order("Restarts", true), ["web-10", "web-2", "db"]);
  assert.deepEqual(order("Age"), ["web-2", "db", "web-10"]);
  assert.deepEqual(order("Namespace"), ["web-2", "db", "web-10"]);
  assert.deepEqual(order("Ready"), ["web-2", "db", "web-10"]);
});

test("every word of a filter must stand in some column", () => {
  const found = (filter: string) => namesOf(rows.filter(matching(filter)));
  assert.deepEqual(found("WEB"), ["web-10", "web-2"]);
  assert.deepEqual(found("web  0/1"), ["web-2"]);
  assert.deepEqual(found("b 12"), ["web-10"]);
  assert.deepEqual(found(" "), ["web-10", "web-2", "db"]);
  assert.deepEqual(found("nothing"), []);
});

test("after any changes the order is that of all rows put in order at once, and only what changed is looked at", () => {
  let looked = 0;
  const counted = (n: number, restarts: number): Row => {
    const made = row("a", `web-${n}`, "1/1", restarts, "2026-01-01T00:00:00Z");
    return {
      object: made.object,
      get cells() {
        looked++;
        return made.cells;
      },
    };
  };
  const byRestarts = { column: "Restarts", descending: true };
  const ordered = new OrderedRows(columns, byRestarts);
  let now = Array.from({ length: 1000 }, (_, n) => counted(n, (n * 7919) % 13));
  ordered.inOrder(now);
  assert.equal(looked, 1000);
  for (let round = 1; round <= 5; round++) {
    const gone = round * 100;
    now = now.filter((_, at) => at !== gone).map((each, at) => (at % 100 === round ? counted(at, round) : each));
    now.push(counted(1000 + round, 7));
    looked = 0;
    const shown = ordered.inOrder(now);
    assert.ok(looked <= 12, `${looked} rows were looked at`);
    assert.deepEqual(namesOf(shown), namesOf(new OrderedRows(columns, byRestarts).inOrder(now)));
  }
});
