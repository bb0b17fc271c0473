/**
 * Writes src/generated/ from the bare facts of the published API: `tables.ts` (the compact form that schema.ts reads) and one file of
 * TypeScript types for each group and version. Run by hand when facts change:
 *
 *     node packages/api/tools/generate.ts [FACTS_FOLDER]        (default: ../shared/facts)
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { observedOrder, protoNumbers } from "./field-order.ts";
import { type Property, SPECIAL, short, types } from "./published-facts.ts";
import { refsText } from "./resource-refs.ts";
import { fieldLine } from "./table-rows.ts";
import { fileOf, type Imports, identifier, member, scopeOf } from "./type-text.ts";

const out = join(import.meta.dirname, "../src/generated");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const order = observedOrder();
const tableLines: string[] = [];
const files = new Map<string, { imports: Imports; text: string[] }>();

for (const [fullName, type] of Object.entries(types)) {
  const name = short(fullName);
  if (SPECIAL[name] || name.endsWith("version.Info")) continue;
  const properties = type.properties ?? {};
  const required = new Set(type.required);
  const seen = order.get(fullName) ?? [];
  const head = ["kind", "apiVersion", "metadata"].filter((f) => f in properties);
  const ordered = [...new Set([...(seen.length ? seen : head), ...Object.keys(properties)])];
  const numbers = protoNumbers(fullName, properties);
  const rows = ordered.map((f) =>
    fieldLine(name, f, properties[f] as Property, required.has(f), numbers.get(f) ?? "-"),
  );
  const atomic = type["x-kubernetes-map-type"] === "atomic" ? "&" : "";
  tableLines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(atomic + rows.join("\n"))},`);

  const scope = scopeOf(name);
  const file = files.get(fileOf(scope)) ?? { imports: new Map<string, Set<string>>(), text: [] };
  files.set(fileOf(scope), file);
  const members = ordered.map((f) => member(name, f, type, required.has(f), file.imports));
  file.text.push(`export interface ${identifier(name)} {\n${members.join("\n")}\n}\n`);
}

const banner = "// Written by tools/generate.ts from the facts of the published API. Change that, not this.\n";
writeFileSync(
  join(out, "tables.ts"),
  `${banner}export const tables: Readonly<Record<string, string>> = {\n${tableLines.join("\n")}\n};\n`,
);
mkdirSync(join(out, "types"));
for (const [file, { imports: from, text }] of files) {
  const lines = [...from]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([f, names]) =>
        `import type { ${[...names].toSorted((a, b) => (a < b ? -1 : 1)).join(", ")} } from "${f.startsWith(".") ? f : `./${f}`}.ts";\n`,
    );
  writeFileSync(
    join(out, "types", `${file}.ts`),
    `${banner}${lines.join("")}${lines.length ? "\n" : ""}${text.join("\n")}`,
  );
}
writeFileSync(join(out, "refs.ts"), `${banner}${refsText()}`);
console.log(`${tableLines.length} types in ${files.size} files`);
