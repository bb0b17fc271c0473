/** A server under measurement: the bundled program in a process of its own, and what it costs, read from /proc. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../scripts/build.ts";

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
  readonly startMs: number;
  /** Seconds of CPU that the process has used. */
  cpu(): number;
  /** Milliseconds of CPU that its event loop has used: what other programs on the machine take does not count. While it runs they are counted by the kernel's ticks. */
  loopMs(): number;
  /** Milliseconds for which its event loop had something to do and other programs had the processors. */
  waitedMs(): number;
  /** Megabytes. */
  rss(): number;
  stop(): Promise<void>;
}

const TOKEN = "bench-token";
const CLOCK_TICKS = 100;

/** `users` are known beside the administrator, each by its name as its token; `node` are options for Node.js itself. */
export async function startServer(users: readonly string[] = [], node: readonly string[] = []): Promise<ServerProcess> {
  const dist = await build();
  const folder = mkdtempSync(join(tmpdir(), "kubets-bench-"));
  writeFileSync(
    join(folder, "tokens.csv"),
    [`${TOKEN},admin,1,"system:masters"`, ...users.map((name) => `${name},${name},${name},"bench"`), ""].join("\n"),
  );
  const flags = [
    "--data-dir",
    join(folder, "data"),
    "--token-auth-file",
    join(folder, "tokens.csv"),
    "--authorization-mode",
    "RBAC",
    "--secure-port",
    "0",
    "--bind-address",
    "127.0.0.1",
  ];
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", ...node, join(dist, "main.js"), "apiserver", ...flags],
    { stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  // It ends with this process, also when a signal ends that.
  const end = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", end);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const port = await readyPort(child);
  const startMs = performance.now() - began;
  const stat = () => readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const scheduled = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/schedstat`, "utf8").split(" ");
  return {
    child,
    url: `https://127.0.0.1:${port}`,
    token: TOKEN,
    startMs,
    cpu: () => (Number(stat()[11]) + Number(stat()[12])) / CLOCK_TICKS,
    loopMs: () => Number(scheduled()[0]) / 1e6,
    waitedMs: () => Number(scheduled()[1]) / 1e6,
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      process.off("exit", end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The port of the line that says `ready`. */
function readyPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const port = / ready .*port=(\d+)/.exec(text)?.[1];
      if (port) resolve(Number(port));
    });
    child.once("exit", (code) => reject(new Error(`the server ended with code ${code}:\n${text}`)));
  });
}
