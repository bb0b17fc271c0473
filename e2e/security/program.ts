/** A program of the test's own in a process of its own, which is told and tells lines of JSON: an issuer of tokens, a webhook. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Program<Line> {
  /** All that it has told. */
  readonly told: readonly Line[];
  tell(line: object): void;
  /** The next line that fits, counted from the first that nobody has taken. */
  next(fits?: (line: Line) => boolean): Promise<Line>;
  stop(): Promise<void>;
}

/** `file` stands beside this one. */
export function startProgram<Line>(file: string, ...args: string[]): Program<Line> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, file), ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const told: Line[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  let taken = 0;
  lines.on("line", (line) => told.push(JSON.parse(line) as Line));
  return {
    told,
    tell: (line) => void child.stdin?.write(`${JSON.stringify(line)}\n`),
    async next(fits = () => true) {
      for (;;) {
        while (taken < told.length) {
          const line = told[taken++] as Line;
          if (fits(line)) return line;
        }
        await Promise.race([
          once(lines, "line"),
          once(child, "exit").then(() => Promise.reject(new Error(`${file} ended`))),
        ]);
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
