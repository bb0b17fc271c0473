/** The last result of each behaviour, kept between runs in a file that is not committed; and the summary that is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Behaviour } from "./behaviour.ts";
import { publishedNames, sigOf } from "./catalogue.ts";
import type { Outcome } from "./perform.ts";

const FILE = process.env["KUBETS_E2E_RESULTS"] ?? join(import.meta.dirname, "results.json");
const DOCS = join(import.meta.dirname, "../../docs");

export type Results = Record<string, Omit<Outcome, "name"> & { readonly at: string }>;

export const readResults = (): Results => (existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Results) : {});

export function keepOutcomes(outcomes: readonly Outcome[], at: string): void {
  const results = readResults();
  for (const { name, ...rest } of outcomes) if (rest.result !== "skipped") results[name] = { ...rest, at };
  writeFileSync(FILE, `${JSON.stringify(results, undefined, 1)}\n`);
}

type Standing = "passed" | "failed" | "not run" | "missing";

export function standingOf(name: string, tests: ReadonlyMap<string, Behaviour>, results: Results): Standing {
  if (!tests.has(name)) return "missing";
  const result = results[name]?.result;
  return result === "passed" || result === "failed" ? result : "not run";
}

export interface SigTotals {
  readonly sig: string;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
  readonly missing: number;
}

/** One line for each interest group, and one for all. */
export function totals(tests: ReadonlyMap<string, Behaviour>, results: Results): SigTotals[] {
  const bySig = Map.groupBy(publishedNames, sigOf);
  const line = (sig: string, names: readonly string[]): SigTotals => {
    const standings = names.map((name) => standingOf(name, tests, results));
    const count = (standing: Standing) => standings.filter((each) => each === standing).length;
    return {
      sig,
      total: names.length,
      passed: count("passed"),
      failed: count("failed"),
      notRun: count("not run"),
      missing: count("missing"),
    };
  };
  return [...[...bySig].map(([sig, names]) => line(sig, names)), line("all", publishedNames)];
}

const HEADING = "## Conformance behaviours";

/** Puts the summary into docs/results.md, in the place of the last one. */
export function writeSummary(lines: readonly SigTotals[], day: string): string {
  const table = [
    `${HEADING}`,
    "",
    `Published behaviours of v1.36 for which a test of our own passed, as of ${day} (\`npm run e2e -- --matrix\`). A behaviour without a test counts as failed.`,
    "",
    "| group | behaviours | passed | failed | not run | without a test |",
    "|---|---|---|---|---|---|",
    ...lines.map((l) => `| ${l.sig} | ${l.total} | ${l.passed} | ${l.failed} | ${l.notRun} | ${l.missing} |`),
    "",
  ].join("\n");
  const path = join(DOCS, "results.md");
  const before = existsSync(path) ? readFileSync(path, "utf8") : "# Results of the last full runs\n\n";
  const at = before.indexOf(HEADING);
  const next = at < 0 ? -1 : before.indexOf("\n## ", at + 1);
  const text =
    at < 0 ? `${before.trimEnd()}\n\n${table}` : before.slice(0, at) + table + (next < 0 ? "" : before.slice(next));
  mkdirSync(DOCS, { recursive: true });
  writeFileSync(path, text);
  return path;
}
