/**
 * Recorded scenes of a whole cluster, replayed against a cluster of one real node made for them. By hand, with the words of the replayer:
 * `node e2e/oracle/scenes.ts --file jobs --case indexed --diff`; with `--simulated` first on a simulated node.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { upCluster } from "../cluster.ts";
import { sharedFolder } from "../shared-folder.ts";
import { buildSceneImages } from "./scene-images.ts";

export interface Scene {
  readonly name: string;
  readonly area: string;
  /** How long it took when it was recorded. */
  readonly seconds: number;
}

const folder = () => join(sharedFolder as string, "oracle");

export const scenesOf = (area: string): Scene[] =>
  (JSON.parse(readFileSync(join(folder(), "scenes", `${area}.json`), "utf8")) as Scene[]).map((each) => ({
    ...each,
    area,
  }));

const CLUSTER = ["--addons", "none", "--controller-manager-arg", "horizontal-pod-autoscaler-sync-period=5s"];

/** Gives what the replayer printed. A simulated node runs no programs: it does for scenes that ask for none. */
export async function replayScenes(
  args: readonly string[],
  timeoutMs: number,
  node: "real" | "simulated" = "real",
): Promise<string> {
  const simulated = node === "simulated";
  const cluster = upCluster({ nodes: 1, suffix: "sc", flags: simulated ? [...CLUSTER, "--simulated"] : CLUSTER });
  try {
    if (!simulated) buildSceneImages(cluster);
    return await run([join(folder(), "scenes.mjs"), "replay", "--kubeconfig", cluster.kubeconfig, ...args], timeoutMs);
  } finally {
    cluster.down();
  }
}

function run(args: readonly string[], timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout, maxBuffer: 1 << 26 }, (error, output) => {
      // It ends with 1 as long as not every fact is equal.
      if (error && error.code !== 1) reject(error);
      else resolve(output);
    });
  });
}

if (import.meta.main) {
  const [first, ...rest] = process.argv.slice(2);
  if (first === "--simulated") console.log(await replayScenes(rest, 900_000, "simulated"));
  else console.log(await replayScenes(process.argv.slice(2), 900_000));
}
