/** Columns that the caller chooses: `NAME:.metadata.name,IMAGE:.spec.containers[*].image`, or a file of two lines. */
import { pathFinder, valueText } from "@kubets/machinery/jsonpath/evaluate";
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

export interface CustomColumns {
  readonly header: readonly string[];
  cells(object: JsonObject): string[];
}

export function parseCustomColumns(spec: string): CustomColumns {
  if (spec === "") throw new UsageError("custom-columns format specified but no custom columns given");
  const columns = spec.split(",").map((part) => {
    const colon = part.indexOf(":");
    if (colon < 0) throw new UsageError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return { name: part.slice(0, colon), find: pathFinder(part.slice(colon + 1)) };
  });
  return {
    header: columns.map(({ name }) => name),
    cells: (object) => columns.map(({ find }) => find(object).map(cellText).join(",") || "<none>"),
  };
}

const cellText = (value: Parameters<typeof valueText>[0]): string => (value === null ? "<nil>" : goText(value));

/** Maps and lists as Go prints them: "map[a:1]", "[1 2]". */
function goText(value: Parameters<typeof valueText>[0]): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value !== "object" || value === null) return valueText(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key] ?? null)}`)
    .join(" ")}]`;
}

/** The form of --output=custom-columns-file: headers in the first line, paths in the second. */
export function columnsOfFile(text: string): string {
  const [headers = "", paths = ""] = text.trim().split("\n");
  const names = headers.trim().split(/\s+/);
  const specs = paths.trim().split(/\s+/);
  if (names.length !== specs.length)
    throw new UsageError(`number of headers (${names.length}) and field specifications (${specs.length}) don't match`);
  return names.map((name, i) => `${name}:${specs[i]}`).join(",");
}
