/** Programs of `kubets` as processes of their own, for one test: started until they say that they are ready, and ended with it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { createClient, type Transport } from "@kubets/client";
import { HttpTransport } from "@kubets/wire/transport";

const execute = promisify(execFile);
const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
const TOKEN = "for-this-test";

export class Programs {
  readonly folder = mkdtempSync(join(tmpdir(), "kubets-programs-"));
  readonly #started: ChildProcess[] = [];
  readonly #transports: Transport[] = [];

  /** Writes a file into the test's folder, and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Resolves with the line in which the program says what `ready` matches. */
  async start(command: string, flags: Readonly<Record<string, string>>, ready: RegExp): Promise<RegExpExecArray> {
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, command, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#started.push(child);
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      lines.push(line);
      const found = ready.exec(line);
      if (!found) continue;
      child.stderr.resume();
      return found;
    }
    throw new Error(`${command} ended before it was ready:\n${lines.join("\n")}`);
  }

  /** What a command says that ends by itself. */
  async output(...args: readonly string[]): Promise<string> {
    const { stdout } = await execute(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args]);
    return stdout;
  }

  /** An API server with data of its own; gives a client and a kubeconfig of an administrator. */
  async apiServer(more: Readonly<Record<string, string>> = {}) {
    const [, port = ""] = await this.start(
      "apiserver",
      {
        "data-dir": join(this.folder, "data"),
        "token-auth-file": this.write("tokens.csv", `${TOKEN},admin,admin,"system:masters"\n`),
        "authorization-mode": "RBAC",
        "bind-address": "127.0.0.1",
        "secure-port": "0",
        ...more,
      },
      /\bready\b.*\bport=(\d+)/,
    );
    const server = `https://127.0.0.1:${port}`;
    const kubeconfig = this.write("kubeconfig", kubeconfigOf(server));
    return { client: createClient(this.open(server, TOKEN), { userAgent: "e2e" }), kubeconfig, token: TOKEN };
  }

  open(server: string, token?: string): Transport {
    const http = new HttpTransport({ server, tls: { insecureSkipVerify: true } });
    this.#transports.push(http);
    if (!token) return http;
    const authorization = `Bearer ${token}`;
    return {
      request: (request) => http.request({ ...request, headers: { ...request.headers, authorization } }),
      close: () => http.close(),
    };
  }

  async stop(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
    for (const child of this.#started.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const kubeconfigOf = (server: string) => `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "${server}", insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { token: ${TOKEN} } }]
contexts: [{ name: c, context: { cluster: c, user: u } }]
current-context: c
`;

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
