/** `kubets apiserver` as a process of its own, with the flags that a test gives; gone with its folder when the test ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ApiServerProcess {
  readonly folder: string;
  readonly port: number;
  readonly pid: number;
  /** As others on the machine see it. */
  readonly commandLine: string;
  /** All that it has logged. */
  readonly log: string;
  ask(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Ends the process and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const ADMIN = "admin-token";

/** `prepare` may write files into the folder; what it returns are flags. `main` is the program, from source when absent. */
export async function startApiServer(
  prepare: (folder: string) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
  main = MAIN,
): Promise<ApiServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-security-"));
  writeFileSync(join(folder, "tokens.csv"), `${ADMIN},admin,admin,"system:masters"\n`);
  const flags = {
    "data-dir": join(folder, "data"),
    "token-auth-file": join(folder, "tokens.csv"),
    "authorization-mode": "Node,RBAC",
    "bind-address": "127.0.0.1",
    "secure-port": "0",
    ...(await prepare(folder)),
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  let child: ChildProcess;
  let port = 0;
  let log = "";
  const start = async () => {
    child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "apiserver", ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (text: Buffer) => (log += text.toString()));
    port = await portOf(child);
  };
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  const remove = () => rmSync(folder, { recursive: true, force: true });
  await start().catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    folder,
    get port() {
      return port;
    },
    get pid() {
      return child.pid as number;
    },
    get commandLine() {
      return readFileSync(`/proc/${child.pid}/cmdline`, "utf8").replaceAll("\0", " ");
    },
    get log() {
      return log;
    },
    ask: (method, path, { token = ADMIN, body, headers = {} } = {}) =>
      ask({ port, method, path, headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers } }, body),
    async restart() {
      await end();
      await start();
    },
    async stop() {
      await end();
      remove();
    },
  };
}

/** The port, once the server says that it is ready; what it said instead, when it ends before. */
async function portOf(child: ChildProcess): Promise<number> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    said.push(line);
    const port = /\bready\b.*\bport=(\d+)/.exec(line)?.[1];
    if (!port) continue;
    child.stderr?.resume();
    return Number(port);
  }
  throw new Error(`the server ended before it was ready: ${said.join("\n")}`);
}

interface Asked {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

function ask({ port, method, path, headers }: Asked, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path, headers, rejectUnauthorized: false, agent: false };
    const sent = request(options, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        const parsed = text.startsWith("{") ? (JSON.parse(text) as Answer["body"]) : { text };
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parsed });
      });
      answer.on("error", reject);
    });
    sent.on("error", reject);
    if (body !== undefined && !headers["content-type"]) sent.setHeader("content-type", "application/json");
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
