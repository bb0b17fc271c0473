/** What differs between two specs, for the messages that refuse a change: a line for each field, below a line that says where. */
import { semanticEqual } from "@kubets/machinery/deep-equal";
import { joined } from "@kubets/machinery/joined";

type Plain = Readonly<Record<string, unknown>>;
const MAX_LINES = 20;

export function difference(before: unknown, after: unknown, name: string): string {
  const lines: string[] = [];
  collect(before, after, name, lines);
  const shown = lines.slice(0, MAX_LINES);
  if (lines.length > MAX_LINES) shown.push(`... and ${lines.length - MAX_LINES} more`);
  return `@@ ${name} @@\n${shown.join("\n")}`;
}

function collect(before: unknown, after: unknown, path: string, lines: string[]): void {
  if (semanticEqual(before, after)) return;
  if (isPlain(before) && isPlain(after)) {
    for (const key of new Set(joined(Object.keys(before), Object.keys(after))))
      collect(before[key], after[key], `${path}.${key}`, lines);
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [i, item] of before.entries()) collect(item, after[i], `${path}[${i}]`, lines);
  } else lines.push(`- ${path}: ${text(before)}`, `+ ${path}: ${text(after)}`);
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string => (value === undefined ? "(none)" : JSON.stringify(value));
