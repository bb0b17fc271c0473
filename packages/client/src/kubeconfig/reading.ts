/** What reading a configuration needs of the machine, as arguments. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { type Clock, realClock } from "@kubets/machinery";

export interface Reading {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly clock: Clock;
  /** Rejects with code ENOENT when there is no such file. */
  readText(path: string): Promise<string>;
  /** Runs a program to its end; rejects with code ENOENT when there is none. */
  run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<ProgramResult>;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const machineReading = (): Reading => ({
  env: process.env,
  home: homedir(),
  clock: realClock,
  readText: (path) => readFile(path, "utf8"),
  run,
});

const OUTPUT_LIMIT = 1024 * 1024;

function run(command: string, args: readonly string[], env: Reading["env"]): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const options = { env: env as NodeJS.ProcessEnv, encoding: "utf8", maxBuffer: OUTPUT_LIMIT } as const;
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}
