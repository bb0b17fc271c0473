import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletConfigOf } from "../config.ts";
import { type SimulatedNode, type SimulatedNodeOptions, simulatedNode } from "../testing/simulated-node.ts";
import { ask, SCRIPT_OF_EXEC, serveForTest, serverSuite } from "./server.suite.ts";

const OPEN = { authentication: { anonymous: { enabled: true } }, authorization: { mode: "AlwaysAllow" } };

/** A node on which the pod of the suite runs. */
async function nodeWithPod(options: SimulatedNodeOptions): Promise<SimulatedNode> {
  const node = await simulatedNode({
    script: {
      course: () => ({
        log: [
          { atMs: 0, text: "one" },
          { atMs: 1, text: "two", stderr: true },
        ],
      }),
      exec: (_, [first, ...rest]) => {
        if (rest.at(-1) === SCRIPT_OF_EXEC) return { exitCode: 3, stdout: "out\n", stderr: "no\n" };
        return first === "echo" ? { exitCode: 0, stdout: `${rest.join(" ")}\n` } : { exitCode: 1 };
      },
    },
    ...options,
  });
  await node.api.createPod(pod("web").on("node-1").uid("u").container("c", { image: "demo:1" }).build());
  await node.clock.advance(5000);
  return node;
}

serverSuite("simulated", async () => {
  const node = await nodeWithPod({ config: kubeletConfigOf(OPEN) });
  return { kubelet: node.kubelet, checkpoints: true, close: () => node.stop() };
});

test("handlers for debugging may be switched off, and the folder of logs alone", async (t) => {
  const answers = async (more: Parameters<typeof kubeletConfigOf>[0], ...paths: string[]) => {
    const node = await nodeWithPod({ config: kubeletConfigOf({ ...OPEN, ...more }) });
    t.after(() => node.stop());
    await node.disk.makeFolder("/var/log");
    await node.disk.writeFile("/var/log/kern.log", "kernel\n");
    const listener = await serveForTest(node.kubelet);
    t.after(() => listener.close(0));
    return await Promise.all(paths.map(async (path) => Object.values(await ask(listener.port, path)).join(" ")));
  };
  const paths = ["/containerLogs/default/web/c", "/logs/kern.log", "/pods"];
  const [log, nodeLog, pods] = await answers({}, ...paths);
  assert.deepEqual([log, nodeLog], ["200 one\ntwo\n", "200 kernel\n"]);
  assert.match(pods ?? "", /^200 /);
  const off = "405 Debug endpoints are disabled.\n";
  const withoutDebugging = await answers({ enableDebuggingHandlers: false }, ...paths);
  assert.deepEqual(withoutDebugging.slice(0, 2), [off, off]);
  assert.match(withoutDebugging[2] ?? "", /^200 /);
  assert.equal(
    (await answers({ enableSystemLogHandler: false }, "/logs/kern.log"))[0],
    "405 logs endpoint is disabled.\n",
  );
});

test("who is not known, or not allowed, is told nothing", async (t) => {
  const node = await nodeWithPod({});
  t.after(() => node.stop());
  const listener = await serveForTest(node.kubelet);
  t.after(() => listener.close(0));
  assert.deepEqual(await ask(listener.port, "/pods"), { status: 401, body: "Unauthorized\n" });
});
