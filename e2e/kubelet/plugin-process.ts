/** A plugin of the kubelet as a process of its own, that notes what it is asked in a file of lines. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface PluginProcess {
  /** What it was asked so far; of one kind. */
  calls(kind?: string): readonly Record<string, unknown>[];
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
}

/** `calls` is the file that the program writes; `inside` a command that enters the namespaces of a node. */
export function startPlugin(
  program: string,
  args: readonly string[],
  calls: string,
  inside: readonly string[] = [],
): PluginProcess {
  const path = join(import.meta.dirname, program);
  const [first, ...rest] = [...inside, process.execPath, "--disable-warning=ExperimentalWarning", path, ...args];
  const child: ChildProcess = spawn(first as string, rest, { stdio: ["ignore", "inherit", "inherit"] });
  return {
    calls(kind) {
      const lines = existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
      const all = lines.filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
      return kind === undefined ? all : all.filter(({ call }) => call === kind);
    },
    signal: (name) => void child.kill(name),
    async kill() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    },
  };
}
