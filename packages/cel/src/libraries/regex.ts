/** Kubernetes' searches with patterns: the first match, or all. */
import type { Library } from "../declarations.ts";
import { method } from "../declare.ts";
import { searching } from "../library-costs.ts";
import { pattern } from "../regex.ts";
import { celTypes as t } from "../types.ts";
import { List } from "../values.ts";

function find(text: string, source: string): string {
  const matcher = pattern(source).matcher(text);
  return matcher.find() ? (matcher.group() ?? "") : "";
}

/** At most so many; all where it is negative. */
function findAll(text: string, source: string, most = -1n): List {
  const matcher = pattern(source).matcher(text);
  const found: string[] = [];
  while ((most < 0n || found.length < most) && matcher.find()) found.push(matcher.group() ?? "");
  return new List(found);
}

const texts = t.list(t.string);

export const regexes: Library = {
  name: "regex",
  overloads: [
    method("find", "string_find_string", [t.string, t.string], t.string, find, searching),
    method("findAll", "string_find_all_string", [t.string, t.string], texts, findAll, searching),
    method("findAll", "string_find_all_string_int", [t.string, t.string, t.int], texts, findAll, searching),
  ],
};
