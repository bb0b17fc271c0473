/** Bundles writer.ts as the product is bundled, so that a child starts in milliseconds; and runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

export interface WriterProgram {
  readonly file: string;
  /** A folder for the test's data, removed with the program. */
  readonly folder: string;
  remove(): void;
}

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export async function buildWriter(): Promise<WriterProgram> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-writer-"));
  const bundle = await rolldown({
    input: { writer: source("./writer.ts"), "storage-worker": source("../../packages/storage/src/embedded/worker.ts") },
    platform: "node",
    logLevel: "warn",
  });
  await bundle.write({ dir: join(folder, "program"), format: "esm", entryFileNames: "[name].js" });
  await bundle.close();
  return {
    file: join(folder, "program", "writer.js"),
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Finished {
  readonly output: string;
  readonly errors: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts a command; `finished` resolves when it has ended and its output is read. */
export function run(command: string, args: readonly string[]): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const finished = new Promise<Finished>((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (data: string) => (output += data));
    child.stderr.setEncoding("utf8").on("data", (data: string) => (errors += data));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ output, errors, code, signal }));
  });
  return { child, finished };
}
