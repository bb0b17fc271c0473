import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createLogger, realClock, silentLogger } from "@kubets/machinery";
import { exitCode } from "@kubets/machinery/exit-codes";
import { clusterHome } from "../cluster/home.ts";
import { Progress } from "./progress.ts";
import { startSimulatedCluster } from "./simulated-cluster.ts";

/** A home of its own, which goes with the test. */
function ownHome(t: TestContext): void {
  const folder = mkdtempSync(join(tmpdir(), "kubets-simulated-"));
  const { KUBETS_HOME: before } = process.env;
  process.env.KUBETS_HOME = folder;
  t.after(() => {
    if (before === undefined) delete process.env.KUBETS_HOME;
    else process.env.KUBETS_HOME = before;
    rmSync(folder, { recursive: true, force: true });
  });
}

test("who asks for its end while it starts does not wait for its nodes, and nothing goes on", async (t) => {
  ownHome(t);
  const serversBefore = servers();
  const stop = new AbortController();
  const said: string[] = [];
  const starting = startSimulatedCluster({
    home: clusterHome("stopped"),
    nodes: ["node-1"],
    port: 0,
    serverArgs: ["--addons=none"],
    log: silentLogger,
    progress: new Progress(realClock, (line) => {
      said.push(line.trim());
      stop.abort(new Error("stopped by SIGTERM"));
    }),
    signal: stop.signal,
  });
  await assert.rejects(starting, { code: exitCode.interrupted, message: "stopped while it started; the data stays" });
  assert.deepEqual(
    said.map((line) => line.replace(/ {2}.*/, "")),
    ["control plane"],
  );
  // A server that is closed is told of until the loop has turned.
  for (let turns = 0; turns < 3; turns++) await turn();
  assert.ok(servers() <= serversBefore);
});

test("features are opened in a cluster down to its kubelets, which tell of those that they do not have", async (t) => {
  ownHome(t);
  const lines: string[] = [];
  const opened = ["NativeHistograms", "SELinuxMount"];
  const cluster = await startSimulatedCluster({
    home: clusterHome("gates"),
    nodes: ["node-1"],
    port: 0,
    serverArgs: ["--addons=none", `--feature-gates=${opened.map((name) => `${name}=true`).join()}`],
    log: createLogger({ write: (line) => lines.push(line) }),
    progress: new Progress(realClock, () => {}),
    signal: new AbortController().signal,
  });
  await cluster.stop();
  assert.deepEqual(
    lines.flatMap((line) => /Feature (\w+) is not there: it stays off\./.exec(line)?.[1] ?? []),
    ["SELinuxMount"],
  );
});

const servers = () => process.getActiveResourcesInfo().filter((each) => each === "TCPServerWrap").length;
