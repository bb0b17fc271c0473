/** Runs programs of the machine. */
import { spawn } from "node:child_process";

export interface Exec {
  /** Resolves when the program ended with 0; rejects with what it wrote to standard error. */
  run(argv: readonly string[], options?: ExecOptions): Promise<{ readonly stdout: Buffer }>;
}

export interface ExecOptions {
  /** Takes what it writes, to standard error too, instead of the result. */
  output?(chunk: Buffer): void;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Where it runs. */
  readonly folder?: string;
}

export function machineExec(): Exec {
  return {
    run(argv, { output, signal, folder: cwd } = {}) {
      const [program = "", ...args] = argv;
      return new Promise((resolve, reject) => {
        const options = { ...(signal && { signal }), ...(cwd && { cwd }) };
        const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
        const out: Buffer[] = [];
        const err: Buffer[] = [];
        child.stdout.on("data", output ?? ((chunk: Buffer) => out.push(chunk)));
        child.stderr.on("data", output ?? ((chunk: Buffer) => err.push(chunk)));
        child.once("error", reject);
        child.once("close", (code) => {
          if (code === 0) resolve({ stdout: Buffer.concat(out) });
          else reject(new Error(`${argv.join(" ")} ended with ${code}: ${Buffer.concat(err).toString().trim()}`));
        });
      });
    },
  };
}
