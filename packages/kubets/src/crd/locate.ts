/**
 * The line of a field in a YAML or JSON text, as well as it can be told from indentation: the line of the last name on the way that is found. What stands in one
 * line together is found by the line.
 */

/** Lines count from 1. `from` is the line at which the document begins. */
export function lineOf(lines: readonly string[], from: number, field: string): number {
  let line = from - 1;
  let indent = -1;
  for (const name of namesOf(field)) {
    const next = typeof name === "number" ? itemAt(lines, line, indent, name) : memberAt(lines, line, indent, name);
    if (next === undefined) break;
    [line, indent] = next;
  }
  return Math.max(line, from - 1) + 1;
}

/** "spec.versions[0].properties[a.b]" -> spec, versions, 0, properties, a.b */
export function namesOf(field: string): (string | number)[] {
  const names: (string | number)[] = [];
  for (const [, plain, bracketed] of field.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    const name = plain ?? bracketed ?? "";
    names.push(bracketed !== undefined && /^\d+$/.test(name) ? Number(name) : name);
  }
  return names;
}

/** The place of the first character that says something; behind the dash of an item. */
const indentOf = (text: string): number => /^[\s-]*/.exec(text)?.[0].length ?? 0;
const isBlank = (text: string): boolean => /^\s*(#.*)?$/.test(text);

function memberAt(lines: readonly string[], after: number, indent: number, name: string): [number, number] | undefined {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const member = new RegExp(`^[\\s-]*["']?${escaped}["']?\\s*:`);
  for (let i = Math.max(after, 0); i < lines.length; i++) {
    const text = lines[i] as string;
    if (isBlank(text)) continue;
    if (i > after && (indentOf(text) <= indent || text.startsWith("---"))) return undefined;
    if (indentOf(text) > indent && member.test(text)) return [i, indentOf(text)];
  }
  return undefined;
}

function itemAt(lines: readonly string[], after: number, indent: number, index: number): [number, number] | undefined {
  let dash: number | undefined;
  let left = index;
  for (let i = after + 1; i < lines.length; i++) {
    const text = lines[i] as string;
    if (isBlank(text)) continue;
    const at = /^\s*/.exec(text)?.[0].length ?? 0;
    if (at < indent || (at === indent && text[at] !== "-")) return undefined;
    if (text[at] !== "-" || (dash !== undefined && at !== dash)) continue;
    dash = at;
    if (left-- === 0) return [i, at];
  }
  return undefined;
}
