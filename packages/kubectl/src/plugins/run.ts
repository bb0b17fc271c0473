/** Runs a plugin in the place of this program: with its streams, its environment, and its exit code. */
import { spawn } from "node:child_process";
import type { Machine } from "../session.ts";

export function runPlugin(path: string, args: readonly string[], { streams, reading }: Machine): Promise<number> {
  const own = streams.stdout === process.stdout;
  const child = spawn(path, args, { stdio: own ? "inherit" : "pipe", env: reading.env as NodeJS.ProcessEnv });
  if (child.stdin) streams.stdin.pipe(child.stdin);
  child.stdout?.pipe(streams.stdout, { end: false });
  child.stderr?.pipe(streams.stderr, { end: false });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
