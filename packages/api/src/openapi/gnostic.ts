/** What gnostic's messages of OpenAPI v2 and v3 have in common: the words of schemas, and what it keeps as YAML. */
import type { JsonSchema } from "./json-schema.ts";

export type Plain = { readonly [key: string]: unknown };

/** As fields of a message of v2, beside others. */
export const ANY_MESSAGES = { NamedAny: "name=1:string value=2:Any", Any: "yaml=2:string" };

/** Words that gnostic writes as they are, but for the case of their letters. */
export const PLAIN_WORDS: Readonly<Record<string, string>> = {
  format: "format",
  title: "title",
  description: "description",
  multipleOf: "multiple_of",
  maximum: "maximum",
  exclusiveMaximum: "exclusive_maximum",
  minimum: "minimum",
  exclusiveMinimum: "exclusive_minimum",
  maxLength: "max_length",
  minLength: "min_length",
  pattern: "pattern",
  maxItems: "max_items",
  minItems: "min_items",
  uniqueItems: "unique_items",
  maxProperties: "max_properties",
  minProperties: "min_properties",
  required: "required",
};

export const extensions = (from: JsonSchema): Plain[] =>
  Object.entries(from)
    .filter(([word]) => word.startsWith("x-"))
    .map(([name, value]) => ({ name, value: any(value) }));

/** JSON is YAML too. */
export const any = (value: unknown): Plain => ({ yaml: `${JSON.stringify(value)}\n` });
