import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletConfigOf } from "../config.ts";
import type { Exec } from "../exec.ts";
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

test("logs of the node's services come from the journal or from their files, when it is configured", async (t) => {
  const ran: string[] = [];
  const exec: Exec = {
    async run([, ...args], { output } = {}) {
      if (args[0] === "--field") return { stdout: Buffer.from("ssh.service\ncron.service\n") };
      ran.push(args.join(" "));
      output?.(Buffer.from("a line\n"));
      return { stdout: Buffer.alloc(0) };
    },
  };
  const node = await nodeWithPod({ exec, config: kubeletConfigOf({ ...OPEN, enableSystemLogQuery: true }) });
  t.after(() => node.stop());
  await node.disk.makeFolder("/var/log/app");
  await node.disk.writeFile("/var/log/app/app.log", "of the app\n");
  await node.disk.writeFile("/var/log/kern.log", "kernel\n");
  const listener = await serveForTest(node.kubelet);
  t.after(() => listener.close(0));
  const answers = async (query: string) => Object.values(await ask(listener.port, `/logs/${query}`)).join(" ");
  assert.equal(await answers("?query=ssh&tailLines=5&pattern=x&sinceTime=2026-01-02T03:04:05%2B01:00"), "200 a line\n");
  assert.deepEqual(ran, [
    "--utc --no-pager --output=short-precise --since=2026-01-02 02:04:05 UTC --pager-end --lines=5 --unit=ssh --grep=x",
  ]);
  assert.equal(
    await answers("?query=ssh&query=app&query=other"),
    "200 a line\nof the app\n\nlog not found for other\n",
  );
  assert.match(await answers("?query=app&boot=0"), /query resolved to log files for \[app\]/);
  assert.equal(await answers("?query=/kern.log"), "200 kernel\n");
  assert.equal(await answers("kern.log"), "200 kernel\n");
  assert.equal(await answers("kern.log?query=ssh"), "406 path not allowed in query mode\n");
  assert.match(await answers("?query=%20"), /^400 query: Invalid value: .*: query cannot be empty/);
  assert.match(await answers("?boot=x&tailLines=1.5"), /^400 \[boot: Invalid value: "x": .*, tailLines: Invalid value/);
  assert.match(await answers("?query=a;b"), /^406 query: Invalid value: "a;b": input contains unsupported characters/);
  assert.match(await answers("?tailLines=1"), /^406 query: Required value: cannot be empty with options/);
  assert.match(await answers("?query=/none"), /^406 .*stat \/var\/log\/none: no such file or directory/);
  assert.match(
    await answers("?query=ssh&boot=1&tailLines=100001"),
    /^406 \[boot: .*must be less than 1, tailLines: .*must be between 0 and 100000, inclusive\]/,
  );
});

test("who is not known, or not allowed, is told nothing", async (t) => {
  const node = await nodeWithPod({});
  t.after(() => node.stop());
  const listener = await serveForTest(node.kubelet);
  t.after(() => listener.close(0));
  assert.deepEqual(await ask(listener.port, "/pods"), { status: 401, body: "Unauthorized\n" });
});
