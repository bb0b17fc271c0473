/** Runs test files with Node's own runner, in one process, and counts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Tally {
  readonly counts: Counts;
  /** By file. */
  readonly seconds: Readonly<Record<string, number>>;
}

const SHOWN = 10;

/** Under way. */
let runs = 0;

export async function runTests(
  patterns: readonly string[],
  options: { timeoutMs?: number; isolated?: boolean } = {},
): Promise<Counts> {
  const root = join(import.meta.dirname, "..");
  const files = globSync([...patterns], { cwd: root, exclude: (path) => path.includes("node_modules") }).toSorted();
  if (files.length === 0) throw new Error(`no test file matches ${patterns.join(" ")}`);
  const folder = mkdtempSync(join(tmpdir(), "kubets-test-"));
  const tally = join(folder, "counts.json");
  try {
    const run = spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        "--test",
        `--test-isolation=${options.isolated ? "process" : "none"}`,
        ...(options.isolated ? ["--test-concurrency=1"] : []),
        `--test-timeout=${options.timeoutMs ?? 120_000}`,
        "--test-reporter=dot",
        "--test-reporter-destination=stdout",
        `--test-reporter=${join(import.meta.dirname, "count-reporter.mjs")}`,
        `--test-reporter-destination=${tally}`,
        ...files,
      ],
      { cwd: root, stdio: "inherit" },
    );
    let isInterrupted = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        isInterrupted = true;
        run.kill(signal);
      });
    runs++;
    const [status] = await once(run, "exit");
    runs--;
    if (isInterrupted && runs === 0) process.exit(130);
    // The last of them ends all.
    if (isInterrupted) return await new Promise<never>(() => {});
    const { counts, seconds } = JSON.parse(readFileSync(tally, "utf8")) as Tally;
    // A runner that died with all tests counted as passed has not passed.
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    if (options.isolated) showSlowest(root, seconds);
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function showSlowest(root: string, seconds: Tally["seconds"]): void {
  const slowest = Object.entries(seconds).toSorted(([, a], [, b]) => b - a);
  console.log("\nThe slowest files:");
  for (const [file, took] of slowest.slice(0, SHOWN))
    console.log(`${took.toFixed(0).padStart(5)} s  ${relative(root, file)}`);
}
