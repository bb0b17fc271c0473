import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger } from "@kubets/machinery";
import { parseKubeletConfig } from "../config.ts";
import { simulatedNode } from "../testing/simulated-node.ts";
import { logindShutdowns, shutdownStarts } from "./logind.ts";
import { podsByStep, shutdownSteps, totalSeconds } from "./plan.ts";
import type { ShutdownNotices } from "./shutdown.ts";

const config = (lines: string) =>
  parseKubeletConfig(`apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${lines}`);
const CONFIG = config("shutdownGracePeriod: 30s\nshutdownGracePeriodCriticalPods: 10s\n");
const prioritized = (name: string, priority: number) => pod(name).spec({ priority }).build();

test("critical pods are the last to go", () => {
  const steps = shutdownSteps(CONFIG.file);
  assert.deepEqual(steps, [
    { priority: 0, seconds: 20 },
    { priority: 2_000_000_000, seconds: 10 },
  ]);
  assert.equal(totalSeconds(steps), 30);
  const groups = podsByStep(steps, [prioritized("critical", 2_000_000_001), prioritized("low", -5), pod("a").build()]);
  assert.deepEqual(
    groups.map(({ pods }) => pods.map(({ metadata }) => metadata.name)),
    [["low", "a"], ["critical"]],
  );
});

test("steps by priority, in order of priority", () => {
  const { file } = config(
    "shutdownGracePeriodByPodPriority: [{priority: 100, shutdownGracePeriodSeconds: 5}, {priority: 0, shutdownGracePeriodSeconds: 7}]\n",
  );
  assert.deepEqual(shutdownSteps(file), [
    { priority: 0, seconds: 7 },
    { priority: 100, seconds: 5 },
  ]);
  assert.deepEqual(shutdownSteps(config("").file), []);
});

test("a node that shuts down ends its pods by priority, takes no more, and is ready again when that is called off", async () => {
  let tell: Parameters<ShutdownNotices["watch"]>[0] | undefined;
  const shutdowns: ShutdownNotices = {
    watch: (options) => {
      tell = options;
      return new Promise((resolve) => options.signal.addEventListener("abort", () => resolve()));
    },
  };
  const deaf = { course: () => ({ stopAfterMs: 3_600_000 }) };
  const node = await simulatedNode({ config: CONFIG, shutdowns, script: deaf });
  const status = async (name: string) => (await node.api.pod(name))?.status;
  const ready = async () =>
    (await node.api.client.get(nodes, { name: "node-1" })).status.conditions?.find(({ type }) => type === "Ready");
  try {
    const make = (name: string, priority: number) =>
      node.api.createPod(pod(name).on("node-1").uid(name).container("c", { image: "a" }).spec({ priority }).build());
    await make("plain", 0);
    await make("critical", 2_000_000_000);
    await node.clock.advance(5000);
    assert.equal((await status("plain"))?.phase, "Running");
    assert.equal(tell?.seconds, 30);

    let over = false;
    void tell?.begun().then(() => (over = true));
    await node.clock.advance(15_000);
    assert.equal((await ready())?.message, "node is shutting down");
    assert.equal(over, false);
    await make("late", 0);
    await node.clock.advance(6000);
    const late = await status("late");
    assert.equal(late?.reason, "NodeShutdown");
    assert.equal(late?.message, "Pod was rejected: Pod was rejected as the node is shutting down.");
    const plain = await status("plain");
    assert.equal(plain?.phase, "Failed");
    assert.equal(plain?.reason, "Terminated");
    assert.equal(plain?.message, "Pod was terminated in response to imminent node shutdown.");
    assert.ok(
      plain?.conditions?.some(({ type, reason }) => type === "DisruptionTarget" && reason === "TerminationByKubelet"),
    );
    await node.clock.advance(15_000);
    assert.equal((await status("critical"))?.reason, "Terminated");
    assert.equal(over, true);

    tell?.calledOff();
    await make("after", 0);
    await node.clock.advance(5000);
    assert.equal((await status("after"))?.phase, "Running");
    assert.equal((await ready())?.status, "True");
  } finally {
    await node.stop();
  }
});

test("logind is asked for the time that pods need, and told when they have ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-logind-"));
  const started: { program: string; args: readonly string[]; child: EventEmitter & { killed?: boolean } }[] = [];
  let allowed = 5;
  const ran: string[] = [];
  const output = new PassThrough();
  const stop = new AbortController();
  const told: string[] = [];
  const notices = logindShutdowns({
    log: silentLogger,
    configFolder: folder,
    exec: {
      async run(argv) {
        ran.push(argv.slice(0, 3).join(" "));
        if (argv[0] === "systemctl") allowed = 30;
        return { stdout: Buffer.from(`t ${allowed * 1_000_000}\n`) };
      },
    },
    start(program, args) {
      const child = Object.assign(new EventEmitter(), {
        stdin: new PassThrough(),
        stdout: program === "busctl" ? output : new PassThrough(),
        killed: false,
        kill() {
          child.killed = true;
          if (program === "busctl") output.end();
          return true;
        },
      });
      started.push({ program, args, child });
      return child as never;
    },
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { promise: calledOff, resolve: callOff } = Promise.withResolvers<void>();
  const watching = notices.watch({
    seconds: 30,
    signal: stop.signal,
    begun: async () => {
      told.push("begun");
      await ended;
    },
    calledOff: () => {
      told.push("called off");
      callOff();
    },
  });
  output.write(`${JSON.stringify({ member: "PrepareForShutdown", payload: { type: "b", data: [true] } })}\n`);
  output.write(`${JSON.stringify({ member: "PrepareForShutdown", payload: { type: "b", data: [false] } })}\n`);
  await calledOff;
  assert.deepEqual(told, ["begun", "called off"]);
  const locks = () => started.filter(({ program }) => program === "systemd-inhibit").map(({ child }) => child.killed);
  end();
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(locks(), [true, false]);
  assert.match(readFileSync(join(folder, "99-kubelet.conf"), "utf8"), /InhibitDelayMaxSec=30/);
  assert.ok(ran.includes("systemctl kill --signal=HUP"));
  stop.abort();
  await watching;
  assert.deepEqual(locks(), [true, true]);
  rmSync(folder, { recursive: true });
  assert.equal(shutdownStarts("no json"), undefined);
});
