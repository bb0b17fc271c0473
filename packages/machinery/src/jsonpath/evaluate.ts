/**
 * Evaluates JSONPath templates over JSON values. Every step turns a list of values into another.
 * Holds: what is missing gives nothing; only an index beyond a list is an error.
 */
import { jsonText } from "../json-text.ts";
import type { JsonValue } from "../json-value.ts";
import { getOwn, isObject } from "../json-value.ts";
import { JsonPathError, type Node, type Operand, type Step } from "./nodes.ts";
import { parseJsonPath, relaxedPath } from "./parse.ts";

/** The text that a template makes of a value. */
export function jsonPathText(nodes: readonly Node[], value: JsonValue): string {
  let text = "";
  for (const node of nodes) {
    if (node.type === "text") text += node.text;
    else if (node.type === "path") text += evaluate(node.steps, value).map(valueText).join(" ");
    else for (const each of evaluate(node.steps, value)) text += jsonPathText(node.body, each);
  }
  return text;
}

/** All values that the paths of a template find. */
export const jsonPathValues = (nodes: readonly Node[], value: JsonValue): JsonValue[] =>
  nodes.flatMap((node) => {
    if (node.type === "text") return [];
    const found = evaluate(node.steps, value);
    return node.type === "path" ? found : found.flatMap((each) => jsonPathValues(node.body, each));
  });

/** A function from values to what a path, written with or without braces, finds in them. */
export function pathFinder(written: string): (value: JsonValue) => JsonValue[] {
  const nodes = parseJsonPath(relaxedPath(written));
  return (value) => jsonPathValues(nodes, value);
}

export function valueText(value: JsonValue): string {
  if (value === null) return "<nil>";
  return typeof value === "object" ? jsonText(value) : String(value);
}

export function evaluate(steps: readonly Step[], value: JsonValue): JsonValue[] {
  let values: JsonValue[] = [value];
  for (const step of steps) values = apply(step, values);
  return values;
}

function apply(step: Step, values: readonly JsonValue[]): JsonValue[] {
  switch (step.type) {
    case "literal":
      return [step.value];
    case "field":
      return values.flatMap((value) => fieldOf(value, step.name));
    case "wildcard":
      return values.flatMap(children);
    case "recursive":
      return values.flatMap(descendants);
    case "slice":
      return values.flatMap((value) => sliced(value, step));
    case "union":
      return values.flatMap((value) => step.paths.flatMap((path) => evaluate(path, value)));
    case "filter":
      return values.flatMap(children).filter((value) => passes(step, value));
  }
}

function fieldOf(value: JsonValue, name: string): JsonValue[] {
  if (!isObject(value)) return [];
  const found = getOwn(value, name);
  return found === undefined ? [] : [found];
}

const children = (value: JsonValue): JsonValue[] =>
  Array.isArray(value)
    ? value
    : isObject(value)
      ? Object.keys(value)
          .sort()
          .map((key) => value[key] as JsonValue)
      : [];

const descendants = (value: JsonValue): JsonValue[] => [
  ...(typeof value === "object" && value !== null ? [value] : []),
  ...children(value).flatMap(descendants),
];

function sliced(value: JsonValue, { start, end, step = 1, single }: Extract<Step, { type: "slice" }>): JsonValue[] {
  if (!Array.isArray(value)) {
    if (value === null || value === undefined) return [];
    throw new JsonPathError(`${typeOf(value)} is not array or slice`);
  }
  const { length } = value;
  const from = start === undefined ? 0 : start < 0 ? start + length : start;
  if (single) {
    if (from < 0 || from >= length)
      throw new JsonPathError(`array index out of bounds: index ${from}, length ${length}`);
    return [value[from] as JsonValue];
  }
  const to = Math.min(end === undefined ? length : end < 0 ? end + length : end, length);
  if (step <= 0) throw new JsonPathError("step must be > 0");
  const found: JsonValue[] = [];
  for (let i = Math.max(0, from); i < to; i += step) found.push(value[i] as JsonValue);
  return found;
}

const typeOf = (value: JsonValue): string => (typeof value === "object" ? "map" : typeof value);

function passes({ left, operator, right }: Extract<Step, { type: "filter" }>, value: JsonValue): boolean {
  const a = operandValue(left, value);
  if (operator === "exists") return a !== undefined;
  const b = operandValue(right, value);
  if (a === undefined || b === undefined) return false;
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "<":
      return below(a, b);
    case ">":
      return below(b, a);
    case "<=":
      return !below(b, a);
    default:
      return !below(a, b);
  }
}

function operandValue(operand: Operand, value: JsonValue): JsonValue | undefined {
  const found = evaluate(operand, value);
  if (found.length > 1) throw new JsonPathError("can only compare one element at a time");
  return found[0];
}

const equal = (a: JsonValue, b: JsonValue): boolean =>
  a === b || (isNumber(a) && isNumber(b) && Number(a) === Number(b));
const isNumber = (value: JsonValue) => typeof value === "number" || typeof value === "bigint";
const below = (a: JsonValue, b: JsonValue): boolean =>
  isNumber(a) && isNumber(b) ? Number(a) < Number(b) : String(a) < String(b);
