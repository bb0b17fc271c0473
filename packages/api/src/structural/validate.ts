/**
 * All that is wrong with a value by its schema, in the original's words: one walk over both, that notes errors as it goes. Of a change only
 * what changed is held against it: parts that are as they were may stay wrong.
 * The number that checks give is how much of the schema applied: of alternatives that all fail, the errors of the one that fits best are told.
 */
import { type FieldError, invalidValue, notSupported, required, typeInvalid } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { getOwn } from "@kubets/machinery/json-value";
import { step } from "@kubets/machinery/stretch";
import { combinationErrors } from "./combinations.ts";
import { Correlated } from "./correlate.ts";
import { isCheckedFormat, isKnownFormat, isOfFormat } from "./formats.ts";
import { listErrors, mapErrors, numberErrors, textErrors } from "./keywords.ts";
import { type JsonType, typeOf } from "./numbers.ts";
import { isIntOrString, isMetaMember, isSchema, itemsOf, propertyOf, type Schema, valuesOf } from "./schema.ts";

const STEPS_OF_A_VALUE = 10;

export class Validation {
  errors: FieldError[] = [];
  /** The field of the value that is validated; its parts stand below it. */
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The field of a part, as errors name it. Without one, and at no root, they name none. */
  fieldOf(path: string): string {
    if (path === "" || path === ".") return this.#root || "<nil>";
    return this.#root ? `${this.#root}.${path}` : path;
  }

  /** Notes what concerns the whole and names its place in words. */
  say(text: string): void {
    this.errors.push(invalidValue(this.#root || "<nil>", "", text));
  }

  invalid(path: string, value: unknown, text: string): void {
    this.errors.push(invalidValue(this.fieldOf(path), value, `${path} in body ${text}`));
  }

  wrongType(path: string, found: string, wanted: string): void {
    const text = `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`;
    this.errors.push(typeInvalid(this.fieldOf(path), found, text));
  }

  check(schema: Schema, value: unknown, path: string, old?: Correlated): number {
    step(STEPS_OF_A_VALUE);
    const before = this.errors.length;
    const applied = this.#apply(schema, value, path, old);
    if (old && this.errors.length > before && old.isSame(value)) this.errors.length = before;
    return applied;
  }

  #apply(schema: Schema, value: unknown, path: string, old: Correlated | undefined): number {
    const type = typeOf(value);
    let applied = this.#type(schema, value, type, path);
    if (type !== "null") {
      applied += combinationErrors(this, schema, value, path, old);
      applied += this.#ofType(schema, value, type, path, old);
    }
    this.#choice(schema, value, path);
    return applied + 2;
  }

  #ofType(schema: Schema, value: unknown, type: JsonType, path: string, old: Correlated | undefined): number {
    switch (type) {
      case "string":
        return this.#text(schema, value as string, path);
      case "integer":
      case "number":
        numberErrors(this, schema, value as number | bigint, path);
        return 2;
      case "array":
        return this.#items(schema, value as unknown[], path, old);
      case "object":
        return this.#members(schema, value as Record<string, unknown>, path, old);
      default:
        return 0;
    }
  }

  #type(schema: Schema, value: unknown, type: JsonType, path: string): number {
    const { type: wanted = "", format = "" } = schema;
    const either = isIntOrString(schema);
    if (wanted === "" && !either) return 0;
    const allowed = either ? "integer,string" : wanted;
    if (type === "null") {
      if (!schema.nullable) this.wrongType(path, "null", allowed);
    } else if (!fitsType(allowed, type, value)) {
      const isChecked = format !== "" && isCheckedFormat(format);
      const isText = type === "string" || type === "array";
      // What a format says of a text is the format's to check, whatever the type.
      if (isChecked && isText && allowed !== "integer" && allowed !== "number") return 2;
      if (isChecked && !isText) this.wrongType(path, FORMAT_OF[type] ?? "", format);
      else this.wrongType(path, type, allowed);
    }
    return 2;
  }

  #text(schema: Schema, value: string, path: string): number {
    textErrors(this, schema, value, path);
    const { format } = schema;
    if (!format || !isKnownFormat(format)) return 1;
    step(value.length >> 1);
    if (!isOfFormat(format, value)) this.wrongType(path, value, format);
    return 2;
  }

  #items(schema: Schema, list: readonly unknown[], path: string, old: Correlated | undefined): number {
    const items = itemsOf(schema);
    let applied = 2;
    if (items)
      for (let i = 0; i < list.length; i++)
        applied += this.check(items, list[i], `${path}[${i}]`, old?.item(schema, list[i]));
    listErrors(this, schema, list, path);
    return applied;
  }

  #members(schema: Schema, object: Record<string, unknown>, path: string, old: Correlated | undefined): number {
    if (mapErrors(this, schema, Object.keys(object).length, path)) return 1;
    const { properties, additionalProperties } = schema;
    const values = valuesOf(schema);
    let applied = 1;
    for (const name of Object.keys(object)) {
      const member = propertyOf(schema, name) ?? values;
      // The types of what all objects have are the server's to check.
      if (member)
        applied += this.check(
          member,
          object[name],
          path === "" ? name : `${path}.${name}`,
          path === "" && isMetaMember(name) ? undefined : old?.member(name),
        );
      else if (additionalProperties === false)
        this.errors.push(invalidValue(this.fieldOf(path), name, `${path}.${name} in body is a forbidden property`));
    }
    for (const name of schema.required ?? [])
      if (
        getOwn(object, name) === undefined &&
        (properties === undefined || propertyOf(schema, name)?.default === undefined)
      )
        this.errors.push(required(this.fieldOf(path === "" ? name : `${path}.${name}`)));
    return applied;
  }

  #choice({ enum: choices }: Schema, value: unknown, path: string): void {
    if (!choices?.length || choices.some((choice) => deepEqual(choice, value))) return;
    const field = this.fieldOf(path);
    this.errors.push({
      ...notSupported(field, value, []),
      detail: `supported values: ${choices.map(choiceText).join(", ")}`,
    });
  }
}

/** What the original calls the numbers that it read. */
const FORMAT_OF: Readonly<Partial<Record<JsonType, string>>> = { integer: "int64", number: "float64" };

const choiceText = (choice: unknown): string => JSON.stringify(choice);

function fitsType(allowed: string, type: JsonType, value: unknown): boolean {
  if (allowed === type) return true;
  if (type === "integer") return allowed === "number" || allowed.startsWith("integer,");
  if (type === "number") return allowed.startsWith("integer") && Number.isSafeInteger(value);
  return type === "string" && allowed.endsWith(",string");
}

/** All errors of an object, or of a part of one that is called `field`. */
export function validateBySchema(
  schema: Schema,
  value: unknown,
  { field = "", old }: { field?: string; old?: unknown } = {},
): FieldError[] {
  const validation = new Validation(field);
  validation.check(schema, value, "", old === undefined ? undefined : new Correlated(old));
  return validation.errors;
}

/** Formats of strings that nobody checks, once each. */
export function unknownFormats(schema: Schema): string[] {
  const found = new Set<string>();
  const look = (at: unknown): void => {
    if (!isSchema(at)) return;
    if (at.type === "string" && at.format && !isKnownFormat(at.format)) found.add(at.format);
    for (const property of Object.values(at.properties ?? {})) look(property);
    for (const part of [
      at.items,
      at.additionalProperties,
      at.not,
      ...(at.allOf ?? []),
      ...(at.anyOf ?? []),
      ...(at.oneOf ?? []),
    ])
      look(part);
  };
  look(schema);
  return [...found];
}
