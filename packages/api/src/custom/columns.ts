/** The tables of custom kinds: columns whose cells are found by JSONPath. */
import type { JsonValue } from "@kubets/machinery/json-value";
import { evaluate, valueText } from "@kubets/machinery/jsonpath/evaluate";
import { JsonPathError } from "@kubets/machinery/jsonpath/nodes";
import { parseJsonPath } from "@kubets/machinery/jsonpath/parse";
import type { CustomResourceColumnDefinition } from "../generated/types/apiextensions-v1.ts";
import type { Column, Table } from "../resource.ts";
import { age, nameColumn } from "../table.ts";

const AGE: CustomResourceColumnDefinition = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

export function customTable(columns: readonly CustomResourceColumnDefinition[] | undefined): Table {
  const shown = columns?.length ? columns : [AGE];
  let finders: readonly Finder[] | undefined;
  return {
    columns: [
      nameColumn,
      ...shown.map(
        ({ name, type, format = "", priority = 0 }): Column => ({
          name,
          type: type as Column["type"],
          format,
          priority,
        }),
      ),
    ],
    cells(object, now) {
      finders ??= shown.map(({ jsonPath }) => finderOf(jsonPath));
      return [
        object.metadata.name,
        ...shown.map(({ type }, i) => cell(type, finders?.[i]?.(object as unknown as JsonValue), now)),
      ];
    },
  };
}

type Finder = (object: JsonValue) => JsonValue | undefined;

/** The first that a path finds. A path that cannot be followed finds nothing. */
function finderOf(path: string): Finder {
  const steps = parseJsonPath(`{${path}}`).flatMap((node) => (node.type === "path" ? node.steps : []));
  return (object) => {
    try {
      return evaluate(steps, object)[0];
    } catch (error) {
      if (error instanceof JsonPathError) return undefined;
      throw error;
    }
  };
}

function cell(type: string, value: JsonValue | undefined, now: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "string":
      return valueText(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : typeof value === "bigint" ? value : null;
    case "number":
      return typeof value === "number" || typeof value === "bigint" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return typeof value === "string" ? dateCell(value, now) : null;
  }
}

const dateCell = (text: string, now: number): string =>
  /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)) ? age(text, now) : "<invalid>";
