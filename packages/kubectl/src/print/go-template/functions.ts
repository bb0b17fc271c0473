/** The functions of Go's templates, those that kubectl adds (`exists`, `base64decode`), and how values print. */
import { getOwn, isObject } from "@kubets/machinery/json-value";
import type { JsonValue } from "../../json.ts";

type Value = JsonValue | undefined;
type Lazy = () => Value;

export function isTrue(value: Value): boolean {
  if (value === null || value === undefined || value === false || value === "" || value === 0) return false;
  return typeof value === "object" ? Object.keys(value).length > 0 : true;
}

/** As Go's %v. */
export function goValue(value: Value): string {
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (!isObject(value)) return String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((key) => `${key}:${goValue(value[key])}`).join(" ")}]`;
}

export function callFunction(name: string, args: readonly Lazy[]): Value {
  if (name === "and" || name === "or") return firstThat(args, (value) => isTrue(value) === (name === "or"));
  const run = FUNCTIONS[name];
  if (!run) throw new Error(`function ${JSON.stringify(name)} not defined`);
  return run(args.map((arg) => arg()));
}

function firstThat(args: readonly Lazy[], stops: (value: Value) => boolean): Value {
  let value: Value;
  for (const arg of args) {
    value = arg();
    if (stops(value)) return value;
  }
  return value;
}

type Run = (args: readonly Value[]) => Value;
const compare =
  (test: (order: number) => boolean): Run =>
  ([a, b]) =>
    test(orderOf(a, b));
const orderOf = (a: Value, b: Value): number =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;

const FUNCTIONS: Readonly<Record<string, Run>> = Object.assign(Object.create(null) as Record<string, Run>, {
  not: ([value]: readonly Value[]) => !isTrue(value),
  len: ([value]: readonly Value[]) => lengthOf(value),
  index: ([value, ...keys]: readonly Value[]) => keys.reduce(indexed, value),
  slice: ([value, from = 0, to]: readonly Value[]) =>
    sliced(value, Number(from), to === undefined ? undefined : Number(to)),
  print: (args: readonly Value[]) => args.map(goValue).join(" "),
  println: (args: readonly Value[]) => `${args.map(goValue).join(" ")}\n`,
  printf: ([format, ...args]: readonly Value[]) => formatted(String(format), args),
  eq: ([a, ...others]: readonly Value[]) => others.some((b) => a === b || (a == null && b == null)),
  ne: ([a, b]: readonly Value[]) => a !== b,
  lt: compare((order) => order < 0),
  le: compare((order) => order <= 0),
  gt: compare((order) => order > 0),
  ge: compare((order) => order >= 0),
  exists: ([value, ...keys]: readonly Value[]) => keys.reduce(indexed, value) !== undefined,
  base64decode: ([value]: readonly Value[]) => Buffer.from(String(value), "base64").toString("utf8"),
  urlquery: (args: readonly Value[]) => encodeURIComponent(args.map(goValue).join("")),
});

function lengthOf(value: Value): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) throw new Error(`len of ${goValue(value)}`);
  return Object.keys(value).length;
}

function indexed(value: Value, key: Value): Value {
  if (Array.isArray(value)) {
    const found = value[Number(key)];
    if (found === undefined) throw new Error(`index out of range: ${goValue(key)}`);
    return found;
  }
  return isObject(value) ? getOwn(value, String(key)) : undefined;
}

const sliced = (value: Value, from: number, to: number | undefined): Value =>
  typeof value === "string" || Array.isArray(value) ? value.slice(from, to) : undefined;

/** The verbs of Go's Printf that templates use. */
function formatted(format: string, args: readonly Value[]): string {
  let next = 0;
  return format.replace(
    /%(-?)(0?)([0-9]*)(?:\.([0-9]+))?([%a-zA-Z])/g,
    (_, left: string, zero: string, width: string, digits: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      const arg = args[next++];
      const text =
        verb === "q"
          ? JSON.stringify(goValue(arg))
          : verb === "f"
            ? Number(arg).toFixed(Number(digits ?? 6))
            : verb === "x"
              ? Number(arg).toString(16)
              : goValue(arg);
      return left ? text.padEnd(Number(width)) : text.padStart(Number(width), zero ? "0" : " ");
    },
  );
}
