/** What the original says of wrong sources: the texts of its own parser and checker, where its environment is ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tests as checking } from "@bufbuild/cel-spec/testdata/checking.js";
import { tests as parsing } from "@bufbuild/cel-spec/testdata/parsing.js";
import { type CelType, environment, formatIssues, formatType, celTypes as t } from "../cel.ts";
import { func, method } from "../declare.ts";
import { type ConformanceCase, casesOf } from "./cases.ts";

/** Recorded with options that Kubernetes sets otherwise. */
const OTHERWISE = [
  "unsupported syntax",
  "limit exceeded",
  "max recursion depth exceeded",
  "undeclared reference to 'existsOne'",
  "'_<=_' applied to '(int, double)'",
  "'_<_' applied to '(int, double)'",
  "'_>_' applied to '(int, double)'",
  "'_>=_' applied to '(int, double)'",
];
/** Errors that only follow from the first are not told; there are no messages. */
const OTHER = new Set(["func{{a}}", "--", ".google.expr.proto3.test.TestAllTypes"]);

/** What the recorded environment declares beside each case's own. */
const DECLARED: Readonly<Record<string, CelType>> = {
  is: t.string,
  ii: t.int,
  iu: t.uint,
  iz: t.bool,
  id: t.double,
  ix: t.null,
  ib: t.bytes,
};
const FUNCTIONS = [
  func("fg_s", "fg_s_0", [], t.string, () => ""),
  method("fi_s_s", "fi_s_s_0", [t.string], t.string, () => ""),
];

function compile({ variables, functions, expr }: ConformanceCase): string {
  const libraries = [{ name: "test", overloads: [...FUNCTIONS, ...functions] }];
  const compiled = environment({ variables: { ...DECLARED, ...variables }, libraries, sameItems: false }).compile(expr);
  return compiled.ok ? formatType(compiled.program.type) : formatIssues(compiled.errors);
}

for (const [name, suite] of Object.entries({ parsing, checking }))
  test(`${name}: types and messages`, () => {
    const cases = casesOf(suite).filter(
      ({ needs, error, expr }) =>
        needs === undefined && !OTHERWISE.some((text) => error?.includes(text)) && !OTHER.has(expr),
    );
    for (const example of cases) {
      const want = example.error?.trim().replaceAll(/^ERROR: (?:<input>)?:/gm, "ERROR: <input>:") ?? example.wantType;
      assert.equal(compile(example), want, example.expr);
    }
  });
