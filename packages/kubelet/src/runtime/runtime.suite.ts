/** What every runtime does: run it over the simulated one, and over a real one by its socket. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CONTAINER_NAME, POD_UID, RESTART_COUNT } from "./names.ts";
import { isRuntimeError, type Runtime, type SandboxConfig } from "./runtime.ts";

interface RuntimeSuiteTarget {
  readonly runtime: Runtime;
  /** An image that is there, with a shell. */
  readonly image: string;
  readonly logs: string;
  /** Lets time pass until the condition holds. */
  until(condition: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

export function runtimeSuite(name: string, open: () => Promise<RuntimeSuiteTarget>): void {
  describe(`runtime: ${name}`, () => {
    let target: RuntimeSuiteTarget;
    before(async () => {
      target = await open();
    });
    after(() => target?.close());

    const sandbox = (uid: string, attempt = 0): SandboxConfig => ({
      metadata: { name: "a", namespace: "default", uid, attempt },
      logDirectory: `${target.logs}/${uid}`,
      labels: { [POD_UID]: uid, "io.kubernetes.pod.name": "a", mine: "kept" },
      annotations: { note: "kept too" },
      linux: {},
    });
    const container = (uid: string, script: string) => ({
      metadata: { name: "c", attempt: 0 },
      image: { image: target.image },
      command: ["sh", "-c", script],
      logPath: "c.log",
      labels: { [POD_UID]: uid, [CONTAINER_NAME]: "c" },
      annotations: { [RESTART_COUNT]: "0" },
      linux: {},
    });
    const runs = async (id: string) => (await target.runtime.containerStatus(id)).phase === "running";

    it("says what it is and that it is ready", async () => {
      assert.ok((await target.runtime.version()).name);
      const status = await target.runtime.status();
      assert.equal(status.ready && status.networkReady, true, status.message);
    });

    it("keeps labels, gives an address, and takes all away again", async () => {
      const { runtime } = target;
      const id = await runtime.runSandbox(sandbox("uid-1"), "");
      const [listed] = await runtime.listSandboxes("uid-1");
      assert.equal(listed?.id, id);
      assert.equal(listed?.ready, true);
      assert.equal(listed?.labels.mine, "kept");
      assert.equal(listed?.annotations.note, "kept too");
      assert.match((await runtime.sandboxStatus(id)).ips[0] ?? "", /^\d+\.\d+\.\d+\.\d+$/);
      await runtime.stopSandbox(id);
      await runtime.stopSandbox(id);
      assert.equal((await runtime.listSandboxes("uid-1"))[0]?.ready, false);
      await runtime.removeSandbox(id);
      await runtime.removeSandbox(id);
      assert.deepEqual(await runtime.listSandboxes("uid-1"), []);
    });

    it("runs a container until it is stopped", async () => {
      const { runtime } = target;
      const config = sandbox("uid-2");
      const place = await runtime.runSandbox(config, "");
      const id = await runtime.createContainer(
        place,
        container("uid-2", "trap 'exit 0' TERM; while true; do sleep 0.1; done"),
        config,
      );
      assert.equal((await runtime.containerStatus(id)).phase, "created");
      await runtime.startContainer(id);
      await target.until(() => runs(id));
      assert.equal((await runtime.listContainers("uid-2"))[0]?.phase, "running");
      assert.equal((await runtime.execSync(id, ["true"], 5000)).exitCode, 0);
      await runtime.stopContainer(id, 5);
      const ended = await runtime.containerStatus(id);
      assert.equal(ended.phase, "exited");
      assert.ok(ended.startedAt > 0 && ended.finishedAt >= ended.startedAt);
      await runtime.stopContainer(id, 5);
      await runtime.removeSandbox(place);
      assert.deepEqual(await runtime.listContainers("uid-2"), []);
    });

    it("tells of an end", async () => {
      const { runtime } = target;
      const stop = new AbortController();
      let heard = false;
      const watching = runtime.watch(() => (heard = true), stop.signal).catch(() => {});
      const config = sandbox("uid-3");
      const place = await runtime.runSandbox(config, "");
      const id = await runtime.createContainer(place, container("uid-3", "sleep 1000"), config);
      await runtime.startContainer(id);
      heard = false;
      await runtime.stopContainer(id, 0);
      await target.until(async () => heard);
      stop.abort();
      await watching;
      await runtime.removeSandbox(place);
    });

    it("knows images, and what is not there", async () => {
      const { runtime } = target;
      assert.ok((await runtime.imageStatus(target.image))?.id);
      assert.equal(await runtime.imageStatus("example.com/no/such:1"), undefined);
      await assert.rejects(runtime.containerStatus("0".repeat(64)), (error) => isRuntimeError(error, "NotFound"));
      await runtime.removeContainer("0".repeat(64));
      await runtime.removeSandbox("0".repeat(64));
    });
  });
}
