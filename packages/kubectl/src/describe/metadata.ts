/** The head of descriptions: names, labels, annotations, and who controls the object. */
import { LAST_APPLIED } from "../apply/last-applied.ts";
import { type JsonObject, labelsOf, listAt, mapAt, nameOf, namespaceOf, textAt } from "../json.ts";
import type { Lines } from "./lines.ts";

export function head(lines: Lines, object: JsonObject): void {
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "Namespace", namespaceOf(object));
}

/** A map, one entry a line. */
export function mapLines(lines: Lines, level: number, title: string, map: Readonly<Record<string, string>>): void {
  const entries = Object.keys(map)
    .sort()
    .map((key) => `${key}=${map[key]}`);
  const [first = "<none>", ...more] = entries;
  lines.field(level, title, first);
  for (const entry of more) lines.line(level, `\t${entry}`);
}

export const labels = (lines: Lines, object: JsonObject, level = 0): void =>
  mapLines(lines, level, "Labels", labelsOf(object));

const LONGEST = 140;

export function annotations(lines: Lines, object: JsonObject, level = 0): void {
  const map = mapAt(object, "metadata", "annotations");
  const keys = Object.keys(map)
    .filter((key) => key !== LAST_APPLIED)
    .sort();
  if (keys.length === 0) lines.field(level, "Annotations", "<none>");
  for (const [i, key] of keys.entries()) {
    const title = i === 0 ? "Annotations:" : "";
    const value = (map[key] ?? "").replace(/\n$/, "");
    if (key.length + value.length + 2 <= LONGEST && !value.includes("\n"))
      lines.line(level, `${title}\t${key}: ${value}`);
    else {
      lines.line(level, `${title}\t${key}:`);
      for (const part of value.split("\n"))
        lines.line(level, `\t  ${part.length > LONGEST ? `${part.slice(0, LONGEST)}...` : part}`);
    }
  }
}

/** "ReplicaSet/web-1", or nothing. */
export function controllerText(object: JsonObject): string {
  const owner = listAt(object, "metadata", "ownerReferences").find((each) => each.controller === true);
  return owner ? `${textAt(owner, "kind")}/${textAt(owner, "name")}` : "";
}
