/** `npm run check`: types, lint, format, import directions, file sizes, and the tests. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { importErrors } from "./imports.ts";
import { runTests } from "./run-tests.ts";

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);
const steps: [name: string, run: () => boolean][] = [
  ["types", () => ran(bin("tsc"), "-p", ".")],
  ["lint", () => ran(bin("oxlint"), "--type-aware", "--quiet")],
  ["format", () => ran(bin("biome"), "check", "--diagnostic-level=error")],
  ["import directions", () => report(importErrors(root))],
  ["tests", () => runTests(["packages/*/src/**/*.test.ts", "scripts/*.test.ts"]).failed === 0],
];
const failed = steps.filter(([name, run]) => {
  const began = performance.now();
  const ok = run();
  console.log(`${ok ? "ok    " : "FAILED"} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return !ok;
});
process.exitCode = failed.length ? 1 : 0;

function ran(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { cwd: root, stdio: "inherit" }).status === 0;
}

function report(errors: readonly string[]): boolean {
  for (const error of errors) console.error(error);
  return errors.length === 0;
}
