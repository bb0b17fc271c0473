/** What the tests of the sandbox share: why they may not run here, and clusters with names and folders of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, type Logger, silentLogger } from "@kubets/machinery";
import { type ClusterPlace, clusterPlace, findPrograms, machineCapabilities, missing } from "@kubets/sandbox";

/** Why real nodes cannot be tried here; false when they can. */
export async function refusal(): Promise<string | false> {
  const { refusals } = await machineCapabilities(tmpdir());
  const { programs } = missing(await findPrograms());
  const reasons = [...refusals, ...(programs.length > 0 ? [`${programs.join(", ")} missing`] : [])];
  return reasons.join("; ") || false;
}

export const testLog: Logger = process.env.KUBETS_TEST_LOG ? createLogger() : silentLogger;

export interface TestCluster {
  readonly place: ClusterPlace;
  removeFolder(): Promise<void>;
}

export async function testCluster(kind: string): Promise<TestCluster> {
  const parent = await mkdtemp(join(tmpdir(), "kubets-sandbox-"));
  return {
    place: clusterPlace(`t-${kind}-${process.pid}`, join(parent, "cluster")),
    removeFolder: () => rm(parent, { recursive: true, force: true }),
  };
}
