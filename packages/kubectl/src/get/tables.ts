/**
 * The server's tables of what was asked for, one for each resource, and how they stand below each other.
 * Holds: pages of one list become one table.
 */
import { humanDuration } from "@kubets/machinery/duration";
import { pathFinder } from "@kubets/machinery/jsonpath/evaluate";
import { parseTime } from "@kubets/machinery/time";
import { asError } from "../errors.ts";
import { type JsonObject, type JsonValue, listAt, objectAt, textAt } from "../json.ts";
import { columnsOf, isTable, TABLE_ACCEPT, tableOfObjects } from "../print/table.ts";
import { tableText } from "../print/tabs.ts";
import { type ApiResource, kindText, resourceText } from "../resources/mapper.ts";
import type { Api, Session } from "../session.ts";
import { type Asked, type Request, requestsFor } from "./asked.ts";
import { compareValues } from "./sort.ts";

export interface TableFlags {
  readonly output: string;
  readonly "no-headers": boolean;
  readonly "show-kind": boolean;
  readonly "show-labels": boolean;
  readonly "label-columns": readonly string[];
  readonly "all-namespaces": boolean;
  readonly "sort-by": string;
  readonly "server-print"?: boolean;
}

interface ResourceTable {
  readonly resource: ApiResource;
  /** The first answer: its columns count. */
  readonly table: JsonObject;
  readonly rows: readonly JsonObject[];
  readonly isEmpty: boolean;
}

export async function getTables(
  api: Api,
  asked: Asked,
  flags: TableFlags,
): Promise<{ tables: ResourceTable[]; errors: Error[] }> {
  const { requests } = await requestsFor(api, asked);
  const found = new Map<string, { resource: ApiResource; pages: JsonObject[] }>();
  const errors: Error[] = [];
  for (const request of requests) {
    const key = resourceText(request.resource);
    const entry = found.get(key) ?? { resource: request.resource, pages: [] };
    try {
      entry.pages.push(...(await pagesOf(api, request, asked, flags)));
      found.set(key, entry);
    } catch (error) {
      errors.push(asError(error));
    }
  }
  const tables = [...found.values()].map(({ resource, pages }) => joined(resource, pages, flags["sort-by"]));
  return { tables, errors };
}

async function pagesOf(api: Api, request: Request, asked: Asked, flags: TableFlags): Promise<JsonObject[]> {
  const includeObject = flags["sort-by"] ? "Object" : undefined;
  const accept = flags["server-print"] === false ? "application/json" : TABLE_ACCEPT;
  const of = { resource: request.resource, ...(request.name && { name: request.name }) };
  if (request.name) return [asTable(await api.rest.get(request.path, { accept, query: { includeObject }, of }))];
  const pages: JsonObject[] = [];
  for (let next = ""; ; ) {
    const page = await api.rest.get(request.path, {
      accept,
      of,
      query: {
        labelSelector: asked.selector,
        fieldSelector: asked.fieldSelector,
        // Sorting needs all in one.
        limit: (!flags["sort-by"] && asked.chunkSize) || undefined,
        continue: next,
        includeObject,
      },
    });
    pages.push(asTable(page));
    next = textAt(page, "metadata", "continue");
    if (!next) return pages;
  }
}

/** Of servers that make no table of this resource: names and ages. */
function asTable(answer: JsonObject): JsonObject {
  if (isTable(answer)) return answer;
  const objects = Array.isArray(answer.items) ? listAt(answer, "items") : [answer];
  return tableOfObjects(objects, (object) => ageOf(object, Date.now()));
}

export function ageOf(object: JsonObject, now: number): string {
  const created = textAt(object, "metadata", "creationTimestamp");
  return created ? humanDuration(now - parseTime(created)) : "<unknown>";
}

function joined(resource: ApiResource, pages: readonly JsonObject[], sortBy: string): ResourceTable {
  const rows = pages.flatMap((page) => listAt(page, "rows"));
  const table = pages.find((page) => listAt(page, "columnDefinitions").length > 0) ?? {};
  return { resource, table, rows: sortBy ? sorted(rows, sortBy) : rows, isEmpty: rows.length === 0 };
}

function sorted(rows: readonly JsonObject[], path: string): JsonObject[] {
  const find = pathFinder(path);
  const keyed = rows.map((row): [JsonValue | undefined, JsonObject] => [find(objectAt(row, "object"))[0], row]);
  return keyed.sort(([a], [b]) => compareValues(a, b)).map(([, row]) => row);
}

export function printTables(session: Session, tables: readonly ResourceTable[], flags: TableFlags): void {
  const filled = tables.filter(({ isEmpty }) => !isEmpty);
  const withKind = flags["show-kind"] || tables.length > 1;
  for (const [i, { resource, table, rows }] of filled.entries()) {
    const columns = columnsOf(table, {
      wide: flags.output === "wide",
      withNamespace: flags["all-namespaces"] && resource.namespaced,
      labelColumns: flags["label-columns"],
      showLabels: flags["show-labels"],
      ...(withKind && { kind: kindText(resource) }),
    });
    const cells = columns.rows({ rows: [...rows] }).map((row) => row.cells);
    session.io.output((i > 0 ? "\n" : "") + tableText(flags["no-headers"] ? cells : [columns.header, ...cells]));
  }
}
