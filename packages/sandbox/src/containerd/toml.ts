/** Writes TOML: as much of it as containerd's configuration takes. */
type TomlValue = string | number | boolean | readonly string[];
export interface TomlTable {
  readonly [key: string]: TomlValue | TomlTable;
}

export function writeToml(table: TomlTable, path: readonly string[] = []): string {
  const entries = Object.entries(table);
  const values = entries
    .filter(([, value]) => !isTable(value))
    .map(([key, value]) => `${keyText(key)} = ${JSON.stringify(value)}\n`);
  const header = path.length > 0 && values.length > 0 ? `\n[${path.map(keyText).join(".")}]\n` : "";
  const inner = entries.flatMap(([key, value]) => (isTable(value) ? [writeToml(value, [...path, key])] : []));
  return header + values.join("") + inner.join("");
}

const isTable = (value: TomlValue | TomlTable): value is TomlTable =>
  typeof value === "object" && !Array.isArray(value);

/** Strings of TOML are those of JSON, as long as nothing above U+FFFF is escaped; JSON.stringify does not. */
const keyText = (key: string): string => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));
