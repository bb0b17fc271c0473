/** Runs test files with Node's own runner, in one process, and counts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

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
    const [status] = await once(run, "exit");
    if (isInterrupted) process.exit(130);
    const counts = JSON.parse(readFileSync(tally, "utf8")) as Counts;
    // A runner that died with all tests counted as passed has not passed.
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
