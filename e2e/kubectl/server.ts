/** `kubets apiserver` as a process of its own on a free port, with a token, for as long as a test runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
const TOKEN = "for-this-test";
const READY_MS = 30_000;

export interface TestServer {
  readonly folder: string;
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-kubectl-"));
  const tokens = join(folder, "tokens.csv");
  writeFileSync(tokens, `${TOKEN},admin,1,"system:masters"\n`, { mode: 0o600 });
  const flags = ["--data-dir", join(folder, "data"), "--token-auth-file", tokens, "--authorization-mode", "RBAC"];
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      MAIN,
      "apiserver",
      ...flags,
      "--secure-port",
      "0",
      "--bind-address",
      "127.0.0.1",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await portOf(child);
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          { name: "test", cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
        ],
        users: [{ name: "admin", user: { token: TOKEN } }],
        contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
        "current-context": "test",
      }),
      { mode: 0o600 },
    );
    return { folder, kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port that the server says it is ready on. */
function portOf(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`the server was not ready in time:\n${said}`)), READY_MS);
    const read = (chunk: Buffer) => {
      said += chunk.toString();
      const [, port] = / ready .*port=([0-9]+)/.exec(said) ?? [];
      if (!port) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
  });
}
