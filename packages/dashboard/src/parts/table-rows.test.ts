import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../server/forms.ts";
import { inOrder, matches } from "./table-rows.ts";

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
const order = (column: string, descending = false) =>
  inOrder(rows, columns, { column, descending }).map(({ object }) => object.metadata.name);

test("rows stand as people count: numbers by their value, ages by time", () => {
  assert.deepEqual(order("Name"), ["db", "web-2", "web-10"]);
  assert.deepEqual(order("Name", true), ["web-10", "web-2", "db"]);
  assert.deepEqual(order("Restarts", true), ["web-10", "web-2", "db"]);
  assert.deepEqual(order("Age"), ["web-2", "db", "web-10"]);
  assert.deepEqual(order("Namespace"), ["web-2", "db", "web-10"]);
  assert.deepEqual(order("Ready"), ["web-2", "db", "web-10"]);
});

test("every word of a filter must stand in some column", () => {
  const found = (filter: string) =>
    rows.filter((each) => matches(each, filter)).map(({ object }) => object.metadata.name);
  assert.deepEqual(found("WEB"), ["web-10", "web-2"]);
  assert.deepEqual(found("web  0/1"), ["web-2"]);
  assert.deepEqual(found("b 12"), ["web-10"]);
  assert.deepEqual(found(" "), ["web-10", "web-2", "db"]);
  assert.deepEqual(found("nothing"), []);
});
