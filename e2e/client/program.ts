/** Runs a real program against a server, with a home of its own, and gives what it printed. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestServer } from "../kubectl/server.ts";
import { type KubectlRelease, realProgram } from "../real-programs.ts";

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly error: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export type Run = (args: readonly string[], options?: RunOptions) => Promise<Ran>;

export function program(server: TestServer, release: KubectlRelease, name: "kubectl" | "helm"): Run {
  const path = realProgram(release, name);
  return async (args, { input = "", env = {} } = {}) => {
    const child = spawn(path, args, {
      env: { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.folder, ...env },
      timeout: 60_000,
    });
    return heard(child, input);
  };
}

/** Gives a process its input, and what it said when it has ended. */
export async function heard(child: ChildProcessWithoutNullStreams, input: string): Promise<Ran> {
  let [output, error] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (error += text));
  child.stdin.on("error", () => {}).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, output, error };
}

/** What a command prints that must succeed. */
export const printing =
  (run: Run) =>
  async (args: readonly string[], options?: RunOptions): Promise<string> => {
    const { code, output, error } = await run(args, options);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${output}${error}`);
    return output;
  };
