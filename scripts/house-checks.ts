/** What holds for the source as a whole: types, lint, format, who imports whom. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { importErrors } from "./imports.ts";

/** Runs all of them, tells how each went, and says whether all hold. */
export function houseChecks(root: string): boolean {
  const bin = (name: string) => join(root, "node_modules", ".bin", name);
  const ran = (program: string, ...args: string[]) =>
    spawnSync(program, args, { cwd: root, stdio: "inherit" }).status === 0;
  const checks: [name: string, holds: () => boolean][] = [
    ["types", () => ran(bin("tsc"), "-p", ".")],
    // What runs in browsers has their types.
    ["types of the dashboard", () => ran(bin("tsc"), "-p", "packages/dashboard")],
    ["lint", () => ran(bin("oxlint"), "--type-aware", "--quiet")],
    ["format", () => ran(bin("biome"), "check", "--diagnostic-level=error")],
    ["import directions", () => told(importErrors(root))],
  ];
  return checks.map(([name, holds]) => timed(name, holds)).every(Boolean);
}

function timed(name: string, holds: () => boolean): boolean {
  const began = performance.now();
  const ok = holds();
  console.log(`${ok ? "ok    " : "FAILED"} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return ok;
}

function told(errors: readonly string[]): boolean {
  for (const error of errors) console.error(error);
  return errors.length === 0;
}
