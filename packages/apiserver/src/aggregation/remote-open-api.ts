/**
 * What a server behind an APIService publishes as OpenAPI v2, as entries for the one document that clients of v2 read: the paths of its group and version, and the
 * definitions that they lead to.
 */
import type { DocumentEntry } from "@kubets/api/openapi/document";
import type { JsonSchema } from "@kubets/api/openapi/json-schema";

interface DocumentV2 {
  readonly paths?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

const REFERENCE = "#/definitions/";

export function entriesOf({ paths = {}, definitions = {} }: DocumentV2, prefix: string): DocumentEntry[] {
  const entries: DocumentEntry[] = [];
  const names = new Set<string>();
  for (const [path, item] of Object.entries(paths)) {
    if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
    entries.push(["paths", path, item]);
    for (const name of referencesIn(item)) names.add(name);
  }
  // Grows while it is gone through.
  for (const name of names) {
    const schema = definitions[name];
    if (!schema) continue;
    entries.push(["schemas", name, schema]);
    for (const other of referencesIn(schema)) names.add(other);
  }
  return entries;
}

/** Both in the order of their names. Of two definitions of one name the server's own stays, and the other is called otherwise, unless it is of what all share. */
export function* merged(own: Iterable<DocumentEntry>, remote: readonly DocumentEntry[]): Generator<DocumentEntry> {
  const all = [...own];
  const taken = new Set(all.map(([section, name]) => `${section} ${name}`));
  const renamed = new Map<string, string>();
  for (const [section, name] of remote) {
    if (section === "paths" || !taken.has(`schemas ${name}`) || isShared(name)) continue;
    let number = 2;
    while (taken.has(`schemas ${name}_v${number}`)) number++;
    renamed.set(name, `${name}_v${number}`);
  }
  for (const [section, name, value] of remote) {
    const called = section === "schemas" ? (renamed.get(name) ?? name) : name;
    if (taken.has(`${section} ${called}`)) continue;
    taken.add(`${section} ${called}`);
    all.push([section, called, renamed.size ? withNames(value, renamed) : value]);
  }
  all.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a === "paths" ? -1 : 1));
  yield* all;
}

const isShared = (name: string): boolean => name.startsWith("io.k8s.apimachinery.");

function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" && typeof inner === "string" && inner.startsWith(REFERENCE)
      ? [inner.slice(REFERENCE.length)]
      : referencesIn(inner),
  );
}

function withNames<T>(value: T, names: ReadonlyMap<string, string>): T {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
    if (key !== "$ref" || typeof inner !== "string" || !inner.startsWith(REFERENCE)) return inner;
    const name = inner.slice(REFERENCE.length);
    return REFERENCE + (names.get(name) ?? name);
  }) as T;
}
