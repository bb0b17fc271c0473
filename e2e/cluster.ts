/** A cluster for a test: brought up by the program itself, taken down with everything that it made, also when the test fails. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeWhenInterrupted } from "./interrupted.ts";
import { type KubectlRelease, realProgram } from "./real-programs.ts";

const root = join(import.meta.dirname, "..");
const MAIN = join(root, "packages/kubets/src/main.ts");

/** Why real containers cannot be tried here, or undefined. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== "linux") return "not on Linux";
  if (process.getuid?.() !== 0) return "not root";
  for (const program of ["containerd", "runc", "nft", "ip", "nsenter"])
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  return undefined;
}

/** A machine that is emulated is many times as slow. */
export const PATIENCE = Number(process.env["KUBETS_E2E_PATIENCE"] ?? 1);

export interface TestCluster {
  readonly name: string;
  readonly home: string;
  readonly kubeconfig: string;
  readonly apiPort: number;
  /** Runs kubectl and gives what it printed; throws when it fails. */
  kubectl(args: readonly string[], options?: { release?: KubectlRelease; input?: string }): string;
  /** Runs the program's own command. */
  kubets(args: readonly string[], options?: { input?: string }): string;
  down(): void;
}

/** `suffix` tells several clusters of one process apart. */
export function upCluster(options: { nodes: number; suffix?: string; flags?: readonly string[] }): TestCluster {
  const home = mkdtempSync(join(tmpdir(), "kubets-e2e-"));
  const name = `e2e${process.pid}${options.suffix ?? ""}`;
  const env = { ...process.env, KUBETS_HOME: home };
  const kubets = (args: readonly string[], { input }: { input?: string } = {}) =>
    execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
      env,
      encoding: "utf8",
      input,
      timeout: 120_000 * PATIENCE,
      maxBuffer: 1 << 26,
    });
  const down = () => {
    isDown();
    try {
      kubets(["down", "--cluster", name]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  };
  const isDown = removeWhenInterrupted(down);
  try {
    kubets([
      "up",
      "--cluster",
      name,
      "--nodes",
      String(options.nodes),
      "--port",
      "0",
      "--no-uplink",
      "--detach",
      ...(options.flags ?? []),
    ]);
  } catch (error) {
    const logs = readLogs(join(home, name, "logs"));
    down();
    throw new Error(`the cluster did not come up:\n${logs}`, { cause: error });
  }
  const kubeconfig = join(home, name, "kubeconfig");
  const server = kubets(["status", "--cluster", name, "--output", "json"]);
  const { apiPort } = JSON.parse(server) as { apiPort: number };
  return {
    name,
    home,
    kubeconfig,
    apiPort,
    kubets: (args, more) => kubets([...args, "--cluster", name], more),
    kubectl: (args, { release = "v35", input } = {}) =>
      execFileSync(realProgram(release, "kubectl"), ["--kubeconfig", kubeconfig, ...args], {
        encoding: "utf8",
        input,
        timeout: 120_000 * PATIENCE,
        maxBuffer: 1 << 26,
      }),
    down,
  };
}

/** The last lines of each log, before they are removed. */
function readLogs(folder: string): string {
  if (!existsSync(folder)) return "(no logs)";
  const last = (file: string) => readFileSync(join(folder, file), "utf8").trimEnd().split("\n").slice(-15).join("\n");
  return readdirSync(folder)
    .map((file) => `-- ${file}\n${last(file)}`)
    .join("\n");
}

/** Waits until a condition gives something true; the last error or value is in the message when time runs out. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000 * PATIENCE,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      last = await condition();
      if (last) return last as T;
    } catch (error) {
      last = error;
    }
    await sleep(200);
  } while (performance.now() < until);
  throw new Error(
    `${what} did not come true within ${timeoutMs} ms: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
