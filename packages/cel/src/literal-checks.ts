/** Literals that can be seen to be wrong: durations, timestamps and patterns that would fail whenever they are used. */
import type { Call, Expr } from "./ast.ts";
import type { Issues } from "./issue.ts";
import { tryPattern } from "./regex.ts";
import { parseDurationValue, parseTimestamp } from "./time-values.ts";
import { visit } from "./visit.ts";

export function checkLiterals(tree: Expr, issues: Issues): void {
  visit(tree, (expr) => {
    if (expr.kind === "call") checkCall(expr, issues);
  });
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
