/** Runs a program to its end, inside a scope or not, and gives what it said. */
import type { ChildProcess, SpawnOptions } from "node:child_process";
import type { Scope } from "./driver.ts";
import { spawnInside } from "./spawn-inside.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly ended: Ended;

  constructor(line: string, ended: Ended) {
    super(`${line} failed (${ended.code ?? "killed"}): ${ended.stderr.trim() || ended.stdout.trim() || "no message"}`);
    this.ended = ended;
  }
}

interface RunOptions {
  readonly scope?: Scope;
  /** Written to standard input. */
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** Resolves whatever the exit code; rejects only when the program cannot be started. */
export async function tryRun(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const spawning: SpawnOptions = { stdio: "pipe", env: options.env, signal: options.signal };
  const child = await spawnInside(options.scope ?? {}, program, args, spawning);
  return await ended(child, options.input);
}

/** Gives the standard output; throws when the program ends with anything but 0. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(program, args, options);
  if (result.code !== 0) throw new ProgramError([program, ...args].join(" ").slice(0, LONGEST_LINE), result);
  return result.stdout;
}

const LONGEST_LINE = 200;

function ended(child: ChildProcess, input: string | Uint8Array | undefined): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A program that ends without reading its input is judged by its exit code.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
