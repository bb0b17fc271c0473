import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "../json.ts";
import { parseCustomColumns } from "./custom-columns.ts";
import { columnsOf, type TableOptions } from "./table.ts";

const table: JsonObject = {
  kind: "Table",
  columnDefinitions: [
    { name: "Name", format: "name", priority: 0 },
    { name: "Ready", priority: 0 },
    { name: "IP", priority: 1 },
  ],
  rows: [
    {
      cells: ["a", "1/1", "10.0.0.1"],
      object: { metadata: { name: "a", namespace: "ns", labels: { app: "web", "x/tier": "1" } } },
    },
    { cells: ["b", "two\nlines", null], object: { metadata: { name: "b", namespace: "ns" } } },
  ],
};

const lines = (options: TableOptions) => {
  const columns = columnsOf(table, options);
  return [columns.header, ...columns.rows(table).map(({ cells }) => cells)].map((cells) => cells.join("|"));
};

describe("the server's tables", () => {
  it("leave out columns of lesser priority", () => assert.deepEqual(lines({}), ["NAME|READY", "a|1/1", "b|two..."]));
  it("are wide", () => assert.deepEqual(lines({ wide: true }), ["NAME|READY|IP", "a|1/1|10.0.0.1", "b|two...|<none>"]));
  it("have namespaces, kinds and labels", () =>
    assert.deepEqual(lines({ withNamespace: true, kind: "pod", labelColumns: ["app", "x/tier"], showLabels: true }), [
      "NAMESPACE|NAME|READY|APP|TIER|LABELS",
      "ns|pod/a|1/1|web|1|app=web,x/tier=1",
      "ns|pod/b|two...|||<none>",
    ]));
});

it("columns of the caller's choice", () => {
  const columns = parseCustomColumns("N:.metadata.name,L:metadata.labels,T:{.tags[*]},X:.no");
  assert.deepEqual(columns.header, ["N", "L", "T", "X"]);
  const object = { metadata: { name: "a", labels: { b: "1" } }, tags: ["x", "y"] };
  assert.deepEqual(columns.cells(object), ["a", "map[b:1]", "x,y", "<none>"]);
  assert.throws(() => parseCustomColumns("N"), /expected <header>:<json-path-expr>/);
});
