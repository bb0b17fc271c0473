/** The language's published tests: each passes, or stands in exceptions.ts with the reason. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import {
  CelEvaluationError,
  celEquals,
  environment,
  evaluated,
  formatIssues,
  formatType,
  formatValue,
} from "../cel.ts";
import { kubernetesLibraries } from "../kubernetes.ts";
import { type ConformanceCase, casesOf } from "./cases.ts";
import { exceptionFor } from "./exceptions.ts";

/** What is wrong, if anything. */
function problem(example: ConformanceCase): string | undefined {
  if (example.needs) return `needs ${example.needs}`;
  const { variables, functions, want } = example;
  const libraries = [...kubernetesLibraries, { name: "test", overloads: functions }];
  const env = environment({ variables, libraries, sameItems: false });
  const compiled = env.compile(example.expr, { unchecked: !example.check });
  if (!compiled.ok) return want && "fails" in want ? undefined : formatIssues(compiled.errors);
  const type = formatType(compiled.program.type);
  if (want === undefined) return type === example.wantType ? undefined : `has type ${type}, not ${example.wantType}`;
  const bindings = Object.fromEntries(
    Object.entries(example.bindings).map(([name, value]) => [name, evaluated(value)]),
  );
  try {
    const value = compiled.program.evaluate(bindings);
    if ("fails" in want) return `is ${formatValue(value)}, but should fail`;
    const same = celEquals(value, want.value) || (Number.isNaN(value) && Number.isNaN(want.value));
    return same ? undefined : `is ${formatValue(value)}, not ${formatValue(want.value)}`;
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    return "fails" in want ? undefined : error.message;
  }
}

test("the language's own tests", () => {
  const cases = casesOf(tests);
  assert.ok(cases.length > 2000);
  const wrong: string[] = [];
  for (const example of cases) {
    const found = problem(example);
    const excepted = exceptionFor(example.path);
    if (found && !excepted) wrong.push(`${example.path}: ${example.expr} ${found}`);
    if (!found && excepted) wrong.push(`${example.path} passes: it need not stand in exceptions.ts`);
  }
  assert.deepEqual(wrong, []);
});
