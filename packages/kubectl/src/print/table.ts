/**
 * Tables of the server (`meta.k8s.io/v1 Table`) as text: which columns stand, with namespaces, kinds and labels added.
 * Holds: a row of the server is a row of the text; texts of several lines are cut at the first.
 */
import { type JsonObject, labelsOf, listAt, nameOf, namespaceOf, numberAt, objectAt, textAt } from "../json.ts";

export const TABLE_ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

export interface TableOptions {
  readonly wide?: boolean;
  readonly withNamespace?: boolean;
  /** "pod": written in front of names. */
  readonly kind?: string;
  readonly labelColumns?: readonly string[];
  readonly showLabels?: boolean;
}

export interface Row {
  readonly cells: readonly string[];
  readonly object: JsonObject;
}

interface Columns {
  readonly header: readonly string[];
  rows(table: JsonObject): Row[];
}

export const isTable = (object: JsonObject): boolean => textAt(object, "kind") === "Table";

export function columnsOf(table: JsonObject, options: TableOptions): Columns {
  const definitions = listAt(table, "columnDefinitions");
  const shown = definitions.flatMap((each, i) => (options.wide || numberAt(each, "priority") === 0 ? [i] : []));
  const nameColumn = definitions.findIndex((each) => textAt(each, "format") === "name");
  const { labelColumns = [], showLabels = false, withNamespace = false, kind } = options;
  return {
    header: [
      ...(withNamespace ? ["NAMESPACE"] : []),
      ...shown.map((i) => textAt(definitions[i], "name").toUpperCase()),
      ...labelColumns.map((label) => (label.split("/").at(-1) ?? "").toUpperCase()),
      ...(showLabels ? ["LABELS"] : []),
    ],
    rows: (from) => listAt(from, "rows").map(rowOf),
  };

  function rowOf(row: JsonObject): Row {
    const object = objectAt(row, "object");
    const cells = listAt(row, "cells") as unknown[];
    const labels = labelsOf(object);
    return {
      object,
      cells: [
        ...(withNamespace ? [namespaceOf(object)] : []),
        ...shown.map((i) => (i === nameColumn && kind ? `${kind}/${cellText(cells[i])}` : cellText(cells[i]))),
        ...labelColumns.map((label) => labels[label] ?? ""),
        ...(showLabels ? [labelsText(labels)] : []),
      ],
    };
  }
}

/** The table of objects that the server sent as they are. */
export const tableOfObjects = (objects: readonly JsonObject[], age: (object: JsonObject) => string): JsonObject => ({
  kind: "Table",
  columnDefinitions: [
    { name: "Name", format: "name", priority: 0 },
    { name: "Age", priority: 0 },
  ],
  rows: objects.map((object) => ({ cells: [nameOf(object), age(object)], object })),
});

function cellText(cell: unknown): string {
  if (cell === undefined || cell === null) return cell === null ? "<none>" : "";
  const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  const end = text.search(/[\f\n\r]/);
  return (end < 0 ? text : `${text.slice(0, end)}...`).replaceAll("\t", " ");
}

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(",") || "<none>";
