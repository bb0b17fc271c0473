/** `kubets up` where something stands in its way: what it says, and that a cluster comes up again with its data. */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterEach, describe, test } from "node:test";
import { exitCode } from "@kubets/machinery/exit-codes";
import { ClusterPki } from "../../packages/kubets/src/cluster/pki.ts";
import * as certificates from "../../packages/kubets/src/server/certificates.ts";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const DAY_MS = 86_400_000;
const up = (cluster: TestCluster, ...flags: string[]) => cluster.kubets(["up", "--detach", "--port", "0", ...flags]);
const status = (cluster: TestCluster) =>
  JSON.parse(cluster.kubets(["status", "--output", "json"])) as { running: boolean; pid: number };
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Ends the process that keeps the cluster. */
async function end(cluster: TestCluster, signal: NodeJS.Signals): Promise<void> {
  const { pid } = status(cluster);
  process.kill(pid, signal);
  await eventually("the end of the process", () => !alive(pid));
}

/** Makes the certificates anew as of long ago, as they stand on a machine that was put away. */
function age(cluster: TestCluster): void {
  const folder = join(cluster.home, cluster.name, "pki");
  for (const name of ["apiserver", "admin", "apiserver-kubelet-client"]) rmSync(join(folder, `${name}.crt`));
  const pki = new ClusterPki(folder, () => Date.now() - 400 * DAY_MS);
  certificates.servingCertificate(pki, {
    advertiseAddress: "192.0.2.1",
    more: [],
    serviceCidr: "10.96.0.0/16",
    clusterDomain: "cluster.local",
  });
  certificates.adminCertificate(pki);
  certificates.kubeletClientCertificate(pki);
}

describe("up", () => {
  let cluster: TestCluster | undefined;
  afterEach(() => {
    cluster?.down();
    cluster = undefined;
  });

  test("twice, it says that the cluster runs", () => {
    cluster = upCluster({ nodes: 1, flags: ["--simulated"] });
    assert.match(up(cluster, "--simulated"), /runs already \(process \d+\)/);
  });

  test("names the port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    try {
      assert.throws(
        () => {
          cluster = upCluster({ nodes: 1, flags: ["--simulated", "--port", String(port)] });
        },
        new RegExp(`port ${port} of this machine is taken; choose another with --port`),
      );
    } finally {
      taken.close();
    }
  });

  /** An `up` of a cluster of its own, in a process that is there while it starts. */
  async function starting(
    flags: readonly string[],
    about: (early: {
      readonly child: ChildProcessByStdio<null, Readable, Readable>;
      readonly kubets: (...args: string[]) => SpawnSyncReturns<string>;
    }) => Promise<void>,
  ): Promise<void> {
    const home = mkdtempSync(join(tmpdir(), "kubets-e2e-"));
    const env = { ...process.env, KUBETS_HOME: home };
    const main = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
    const command = (args: readonly string[]) => [
      "--disable-warning=ExperimentalWarning",
      main,
      ...args,
      "--cluster=early",
    ];
    const child = spawn(process.execPath, command(["up", "--port=0", ...flags]), {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8");
    const kubets = (...args: string[]) => spawnSync(process.execPath, command(args), { env, encoding: "utf8" });
    try {
      await about({ child, kubets });
    } finally {
      child.kill("SIGKILL");
      kubets("down");
      rmSync(home, { recursive: true, force: true });
    }
  }

  test("can be stopped while it starts", { skip: whyNoContainers() ?? false }, () =>
    starting(["--no-uplink"], async ({ child }) => {
      const ended = once(child, "exit");
      let said = "";
      child.stderr.on("data", (text: string) => (said += text));
      // The nodes are there, and the control plane is on its way.
      for await (const text of child.stdout) if (/with containerd/.test(text as string)) child.kill("SIGINT");
      assert.deepEqual(await ended, [130, null]);
      assert.match(said, /stopped while it started/);
      assert.equal(existsSync("/run/kubets/early"), false);
    }),
  );

  test("is known to the other commands while it starts", () =>
    starting(["--simulated", "--nodes=1000"], async ({ child, kubets }) => {
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      await eventually("a word of who starts it", () =>
        kubets("status").stdout.includes(`starting (process ${child.pid})`),
      );
      const second = kubets("up", "--simulated", "--port=0");
      assert.equal(second.status, exitCode.precondition);
      assert.match(second.stderr, new RegExp(`is starting already \\(process ${child.pid}\\): wait until`));
      assert.equal(kubets("down").status, 0);
      assert.deepEqual(await ended, [130, null]);
      assert.match(kubets("status").stdout, /does not run/);
    }));

  const kinds = [
    ["simulated nodes", false, ["--simulated"]],
    ["real nodes", whyNoContainers() ?? false, ["--no-uplink"]],
  ] as const;
  for (const [nodes, skip, flags] of kinds)
    test(`comes again with its data after it was killed and its certificates ran out: ${nodes}`, { skip }, async () => {
      cluster = upCluster({ nodes: 1, flags });
      const again = cluster;
      again.kubectl(["create", "configmap", "kept", "--from-literal=a=1"]);
      await end(again, "SIGKILL");
      age(again);
      up(again, ...flags);
      assert.equal(again.kubectl(["get", "configmap", "kept", "-o", "jsonpath={.data.a}"]), "1");
      await eventually("a node that is ready", () => / Ready /.test(again.kubectl(["get", "nodes", "--no-headers"])));
    });
});
