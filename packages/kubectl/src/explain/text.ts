/** The text of an explanation: what is asked about, its description, and its fields with theirs or only by name. */
import { type JsonObject, textAt, textsAt } from "../json.ts";
import type { Schemas } from "./schema.ts";

const WIDTH = 80;

interface Explained {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The name of the field that is asked about, and its schema. */
  readonly field: string;
  readonly schema: JsonObject;
  readonly recursive: boolean;
}

/** Which kind is told about. */
export const head = ({ group, version, kind }: Pick<Explained, "group" | "version" | "kind">): string =>
  `${group ? `GROUP:      ${group}\n` : ""}KIND:       ${kind}\nVERSION:    ${version}\n\n`;

export function explanation(schemas: Schemas, { group, version, kind, field, schema, recursive }: Explained): string {
  let text = head({ group, version, kind });
  if (field) text += `FIELD: ${field} <${schemas.typeText(schema)}>\n${enumText(schemas.resolved(schema), 0)}\n\n`;
  text += `DESCRIPTION:\n${descriptions(schemas, schema)
    .map((one) => indented(one, 4))
    .join("")}`;
  const fields = schemas.fields(schema);
  if (fields.length === 0) return `${text}${" ".repeat(4)}\n\n`;
  text += `${" ".repeat(4)}\nFIELDS:\n`;
  return `${text}${recursive ? names(schemas, schema, 1, []) : details(schemas, fields)}\n`;
}

/** What is said of a field, then of its type and of what that is made of. */
function descriptions(schemas: Schemas, schema: JsonObject): string[] {
  const found: string[] = [];
  for (let at: JsonObject | undefined = schema; at; ) {
    const text = textAt(at, "description");
    if (text) found.push(text);
    const inner: JsonObject | undefined =
      schemas.referred(at) !== ""
        ? schemas.resolved(at)
        : at["properties"] === undefined
          ? ((at["items"] ?? at["additionalProperties"]) as JsonObject | undefined)
          : undefined;
    at = typeof inner === "object" ? inner : undefined;
  }
  return found.length ? found : ["<empty>"];
}

function details(schemas: Schemas, fields: ReturnType<Schemas["fields"]>): string {
  return fields
    .map(({ name, schema, required }) => {
      const said = textAt(schema, "description") || textAt(schemas.resolved(schema), "description");
      const head = `  ${name}\t<${schemas.typeText(schema)}>${required ? " -required-" : ""}\n`;
      return `${head}${enumText(schema, 2)}${indented(said || "<no description>", 4)}\n`;
    })
    .join("");
}

function enumText(schema: JsonObject, indent: number): string {
  const values = textsAt(schema, "enum");
  return values.length ? `${" ".repeat(indent)}enum: ${values.join(", ")}\n` : "";
}

/** Names and types alone, all the way down; a type within itself is not followed again. */
function names(schemas: Schemas, schema: JsonObject, level: number, above: readonly JsonObject[]): string {
  const found = schemas.innermost(schema);
  if (above.includes(found)) return "";
  return schemas
    .fields(schema)
    .map(({ name, schema: one, required }) => {
      const line = `${"  ".repeat(level)}${name}\t<${schemas.typeText(one)}>${required ? " -required-" : ""}\n`;
      return line + enumText(one, 2 * level) + names(schemas, one, level + 1, [...above, found]);
    })
    .join("");
}

/** Wrapped at the width; line breaks of the text stay. */
function indented(text: string, indent: number): string {
  const margin = " ".repeat(indent);
  return text
    .split("\n")
    .map((paragraph) =>
      wrapped(paragraph, WIDTH - indent)
        .map((line) => `${margin}${line}\n`)
        .join(""),
    )
    .join("");
}

function wrapped(paragraph: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(/(?<=\s)(?=\S)/)) {
    if (line !== "" && (line + word).trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += word;
  }
  lines.push(line.trimEnd());
  return lines;
}
