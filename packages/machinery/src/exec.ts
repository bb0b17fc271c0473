/** Runs programs of the machine directly, or through something that enters a namespace first. */
import { spawn } from "node:child_process";
import { Readable } from "node:stream";

/** Resolves when the program ended, however; rejects only when it could not be started. */
export type Exec = (program: string, args: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

interface ExecOptions {
  readonly stdin?: string;
  /** Lines of it instead, made as they are written, so that others get their turns while there are many. */
  readonly lines?: Iterable<string>;
}

interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `prefix` enters somewhere: ["nsenter", "--net=/run/netns/a", "--"]. */
export function machineExec(prefix: readonly string[] = []): Exec {
  return (program, args, { stdin = "", lines } = {}) =>
    new Promise((resolve, reject) => {
      const [file = program, ...rest] = [...prefix, program, ...args];
      const child = spawn(file, rest, { stdio: ["pipe", "pipe", "pipe"] });
      const out = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (out.stderr += text));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, ...out }));
      // A program that ends without reading its input is judged by its exit code.
      child.stdin.on("error", () => {});
      if (lines) Readable.from(pieces(lines)).pipe(child.stdin);
      else child.stdin.end(stdin);
    });
}

const PIECE = 1 << 16;

/** A line at a time would be many writes. */
function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  if (piece) yield piece;
}
