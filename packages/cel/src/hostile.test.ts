/** Whatever is written as an expression, compiling tells issues and evaluating fails in the language's own way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inTime, TooLong } from "@kubets/machinery/stretch";
import fc from "fast-check";
import { CelEvaluationError, celTypes, formatIssues, kubernetesEnvironment, toJson } from "./cel.ts";
import { tryPattern } from "./regex.ts";
import { anyExpression, HOSTILE, tokens } from "./testing/expressions.ts";

const env = kubernetesEnvironment.extend({
  variables: { a: celTypes.dyn, b: celTypes.int, c: celTypes.list(celTypes.string) },
});
const activation = { a: { b: [1, "x", null, { c: 1.5 }], c: "text" }, b: 7, c: ["p", "q"] };

/** What nobody waits for. */
const LONGEST_MS = 500;

function survives(source: string): void {
  for (const unchecked of [false, true]) {
    const compiled = env.compile(source, { unchecked });
    if (!compiled.ok) {
      assert.notEqual(formatIssues(compiled.errors), "");
      continue;
    }
    const { min, max } = compiled.program.estimateCost();
    assert.ok(min <= max, `${source}: estimated at ${min} to ${max}`);
    try {
      toJson(compiled.program.evaluate(activation, { limit: 20_000 }));
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
    }
  }
}

test("random text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), survives), { numRuns: 3000 });
});

test("random tokens", () => {
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 25 }), (list) => survives(list.join(" "))),
    { numRuns: 5000 },
  );
});

test("random expressions", () => {
  fc.assert(fc.property(anyExpression, survives), { numRuns: 3000 });
});

test("long texts that are nearly of a form are judged in a time that grows with them and not with their square", () => {
  assert.equal(typeof tryPattern("[\\a".repeat(200_000)), "string");
  const parts = ["9", " ", "[", "[\\a", "(", "1.", "inf", "-", "a", "1h", ":"];
  for (const read of [
    "double(a)",
    "a.trim()",
    "quantity(a)",
    "duration(a)",
    "timestamp(a)",
    "semver(a)",
    "url(a)",
    "ip(a)",
    "cidr(a)",
  ]) {
    const compiled = env.compile(`${read} == dyn(1)`);
    assert.ok(compiled.ok, read);
    for (const part of parts)
      try {
        compiled.program.evaluate({ ...activation, a: `${part.repeat(200_000)}!` });
      } catch (error) {
        if (!(error instanceof CelEvaluationError)) throw error;
      }
  }
});

test("hostile expressions", () => {
  for (const source of HOSTILE)
    try {
      inTime(LONGEST_MS, () => survives(source));
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
    }
});
