/**
 * Literals that can be seen to be wrong: durations, timestamps and patterns that would fail whenever they are used, and
 * lists and maps of several types, which most often are a mistake.
 */
import { step } from "@kubets/machinery/stretch";
import type { Call, Expr } from "./ast.ts";
import type { Checked } from "./checker.ts";
import type { Issues } from "./issue.ts";
import { tryPattern } from "./regex.ts";
import { parseDurationValue, parseTimestamp } from "./time-values.ts";
import { type CelType, celTypes, formatType, optionalOf } from "./types.ts";
import { sameType } from "./unify.ts";
import { partsOf } from "./visit.ts";

/** Takes arguments of several types in one list. */
const MIXING = "format";

export function checkLiterals({ tree, types }: Checked, sameItems: boolean, issues: Issues): void {
  const typeOf = (item: Expr, optional: boolean): CelType => {
    const type = types.get(item.id) ?? celTypes.dyn;
    return optional ? (optionalOf(type) ?? type) : type;
  };
  const see = (expr: Expr, mayMix: boolean): void => {
    step(4);
    if (expr.kind === "call") checkCall(expr, issues);
    if (expr.kind === "list" && !mayMix) {
      const { elements, optional } = expr;
      checkItems(elements, (item, i) => typeOf(item, optional.has(i)), issues);
    }
    if (expr.kind === "map" && !mayMix) {
      const optional = new Set(expr.entries.filter((entry) => entry.optional).map(({ value }) => value));
      checkItems(
        expr.entries.map(({ key }) => key),
        (key) => typeOf(key, false),
        issues,
      );
      checkItems(
        expr.entries.map(({ value }) => value),
        (value) => typeOf(value, optional.has(value)),
        issues,
      );
    }
    const mixes = mayMix || (expr.kind === "call" && expr.name === MIXING);
    for (const part of partsOf(expr)) see(part, mixes);
  };
  see(tree, !sameItems);
}

/** Tells of the first item that is not of the first one's type. */
function checkItems(items: readonly Expr[], typeOf: (item: Expr, i: number) => CelType, issues: Issues): void {
  const [first] = items;
  if (!first) return;
  const wanted = typeOf(first, 0);
  const at = items.findIndex((item, i) => !sameType(wanted, typeOf(item, i)));
  const other = items[at];
  if (other)
    issues.report(other.at, `expected type '${formatType(wanted)}' but found '${formatType(typeOf(other, at))}'`);
}

function checkCall(call: Call, issues: Issues): void {
  const wrong = CHECKS[call.name];
  const [arg] = call.args;
  const last = call.name === "matches" ? call.args.at(-1) : arg;
  if (!wrong || last?.kind !== "literal" || typeof last.value !== "string") return;
  if (call.args.length !== (call.name === "matches" && !call.target ? 2 : 1)) return;
  if (wrong(last.value)) issues.report(last.at, `invalid ${call.name} argument`);
}

const CHECKS: Readonly<Record<string, ((text: string) => boolean) | undefined>> = {
  __proto__: null as never,
  duration: (text) => parseDurationValue(text) === undefined,
  timestamp: (text) => parseTimestamp(text) === undefined,
  matches: (text) => typeof tryPattern(text) === "string",
};
