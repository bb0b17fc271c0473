/**
 * The types that expressions of a custom kind's rules see, by its schema: names escaped, and each with a bound on its size, from which costs are
 * estimated. What the schema does not bound is bounded by what one request can hold.
 */
import { type CelType, celTypes, escapeFieldName, type FieldType } from "@kubets/cel/cel";
import { step } from "@kubets/machinery/stretch";
import { isEmbedded, isIntOrString, itemsOf, type Schema, valuesOf } from "../structural/schema.ts";

/** What is allowed of a body; the sizes below are what its JSON takes. */
const MAX_REQUEST = 3 * 1024 * 1024;
const BRACKETS = 2;
const MIN_TEXT = 2;
const MIN_NUMBER = 1;
const MIN_BOOL = 4;
const MIN_DURATION = 4;
const MAX_DURATION = 32;
const DATE_SIZE = 12;
const MIN_DATE_TIME = 22;
const MAX_DATE_TIME = 48;
/** What is neither long nor short costs nothing to go through, in the original's estimates. */
const UNSIZED = 0;
/** A name with its quotes, a colon and a comma. */
const ENTRY_SIZE = 6;

interface RuleType {
  readonly type: CelType;
  /** What the smallest value takes as JSON. */
  readonly minSize: number;
}

const types = new WeakMap<Schema, Map<boolean, RuleType | undefined>>();

/** The type of a schema's values; nothing for what has no type. Objects with a kind have what all objects have. */
export function ruleType(schema: Schema, isObject = isEmbedded(schema), name = "object"): RuleType | undefined {
  step(20);
  let known = types.get(schema);
  if (!known) types.set(schema, (known = new Map()));
  if (!known.has(isObject)) known.set(isObject, makeType(schema, isObject, name));
  return known.get(isObject);
}

/** How many values of a size one request can hold. */
export const mostInRequest = (minSize: number): number => Math.floor(MAX_REQUEST / (minSize + 1));

function makeType(schema: Schema, isObject: boolean, name: string): RuleType | undefined {
  if (isIntOrString(schema)) return sized(celTypes.dyn, MAX_REQUEST - BRACKETS, MIN_NUMBER);
  switch (schema.type) {
    case "array":
      return listType(schema, name);
    case "object":
      return mapType(schema, name) ?? objectType(schema, isObject, name);
    case "string":
      return textType(schema);
    case "boolean":
      return sized(celTypes.bool, UNSIZED, MIN_BOOL);
    case "number":
      return sized(celTypes.double, UNSIZED, MIN_NUMBER);
    case "integer":
      return sized(celTypes.int, UNSIZED, MIN_NUMBER);
    default:
      return undefined;
  }
}

const sized = (type: CelType, maxElements: number, minSize: number): RuleType => ({
  type: celTypes.sized(type, maxElements),
  minSize,
});

const positive = (bound: number): number => Math.max(0, bound);

function listType(schema: Schema, name: string): RuleType | undefined {
  const items = itemsOf(schema);
  const item = items && ruleType(items, isEmbedded(items), `${name}.@idx`);
  if (!item) return undefined;
  const { maxItems = Math.floor((MAX_REQUEST - BRACKETS) / (item.minSize + 1)) } = schema;
  const kind = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"];
  const merge =
    kind === "set" ? ({ as: kind } as const) : kind === "map" && keys ? ({ as: kind, keys } as const) : undefined;
  const options = { maxElements: positive(maxItems), ...(merge && { merge }) };
  return { type: celTypes.list(item.type, options), minSize: BRACKETS };
}

function mapType(schema: Schema, name: string): RuleType | undefined {
  const values = valuesOf(schema);
  const value = values && ruleType(values, isEmbedded(values), `${name}.@elem`);
  if (!value) return undefined;
  const { maxProperties = Math.floor((MAX_REQUEST - BRACKETS) / (value.minSize + ENTRY_SIZE)) } = schema;
  const type = celTypes.map(celTypes.string, value.type, { maxElements: positive(maxProperties) });
  return { type, minSize: BRACKETS };
}

const TEXT: Schema = { type: "string" };
const OBJECT_METADATA: Schema = { type: "object", properties: { name: TEXT, generateName: TEXT } };

/** What is always there of an object. */
const withObjectMembers = ({ properties = {}, ...schema }: Schema): Schema => {
  const metadata = { ...OBJECT_METADATA.properties, ...properties["metadata"]?.properties };
  return {
    ...schema,
    properties: { ...properties, apiVersion: TEXT, kind: TEXT, metadata: { type: "object", properties: metadata } },
  };
};

function objectType(own: Schema, isObject: boolean, name: string): RuleType | undefined {
  if (valuesOf(own)) return undefined;
  const schema = isObject ? withObjectMembers(own) : own;
  const fields: Record<string, FieldType> = {};
  let minSize = BRACKETS;
  for (const [member, property] of Object.entries(schema.properties ?? {})) {
    const inner = ruleType(property, isEmbedded(property), `${name}.${member}`);
    if (!inner) continue;
    const isRequired = schema.required?.includes(member) ?? false;
    const field = escapeFieldName(member);
    if (field !== undefined)
      fields[field] = { type: inner.type, required: isRequired, ...(field !== member && { member }) };
    if (isRequired && property.default === undefined) minSize += Buffer.byteLength(member) + inner.minSize + 4;
  }
  return sized(celTypes.object(name, fields), UNSIZED, minSize);
}

function textType({ format, maxLength, enum: choices }: Schema): RuleType {
  const longest = MAX_REQUEST - BRACKETS;
  switch (format) {
    case "byte":
      return sized(celTypes.bytes, positive(maxLength ?? longest), MIN_TEXT);
    case "duration":
      return sized(celTypes.duration, MAX_DURATION, MIN_DURATION);
    case "date":
      return sized(celTypes.timestamp, DATE_SIZE, DATE_SIZE);
    case "date-time":
      return sized(celTypes.timestamp, MAX_DATE_TIME, MIN_DATE_TIME);
    default:
      return sized(celTypes.string, positive(maxLength ?? longestChoice(choices) ?? longest), MIN_TEXT);
  }
}

const longestChoice = (choices: Schema["enum"]): number | undefined =>
  choices?.length ? Math.max(...choices.map((choice) => (typeof choice === "string" ? choice.length : 0))) : undefined;
