import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "../config.ts";
import { containerHash } from "../container-config/container-config.ts";
import { fixedFacts } from "../node/fixed-facts.ts";
import { simulatedMachine } from "../testing/simulated-node.ts";
import { isFinished, type PodView, planEnd, planPod } from "./plan.ts";
import { ROUND } from "./restart-all.ts";
import { crashLoopLimits, RestartBackoff } from "./restart-backoff.ts";
import type { ContainerRecord, PodRuntimeState } from "./runtime-state.ts";

const sandbox = (attempt = 0, ready = true) => ({
  id: `s${attempt}`,
  ready,
  createdAt: attempt,
  attempt,
  name: "a",
  namespace: "default",
  uid: "u",
  labels: {},
  annotations: {},
  handler: "",
  ips: ready ? ["10.0.0.1"] : [],
});

const record = (name: string, more: Partial<ContainerRecord> = {}): ContainerRecord => ({
  id: `${name}-${more.attempt ?? 0}`,
  name,
  sandboxId: "s0",
  attempt: 0,
  hash: "",
  phase: "running",
  createdAt: 1,
  startedAt: 1,
  finishedAt: more.phase === "exited" ? 1000 : 0,
  exitCode: 0,
  reason: "",
  message: "",
  image: "",
  imageRef: "",
  imageId: "",
  logPath: "",
  mounts: {},
  labels: {},
  annotations: {},
  ...more,
});

const state = (...containers: ContainerRecord[]): PodRuntimeState => ({ sandboxes: [sandbox()], containers });

const view = (made: ReturnType<typeof pod>, runtime: PodRuntimeState, more: Partial<PodView> = {}): PodView => ({
  pod: made.build(),
  runtime,
  now: 2000,
  backoff: new RestartBackoff(),
  hasStarted: () => true,
  failedProbe: () => undefined,
  resized: () => false,
  ...more,
});

const steps = (made: ReturnType<typeof pod>, runtime: PodRuntimeState, more: Partial<PodView> = {}) => {
  const plan = planPod(view(made, runtime, more));
  return [
    ...(plan.finished ? ["finished"] : []),
    ...plan.kill.map(({ record, reason }) => `kill ${record.name}: ${reason}`),
    ...(plan.sandbox !== undefined ? [`sandbox ${plan.sandbox}`] : []),
    ...plan.start.map(({ container, attempt }) => `start ${container.name} ${attempt}`),
    ...[...plan.waiting].map(([name, { reason }]) => `${name} waits: ${reason}`),
  ];
};

const two = () => pod("a").container("x").container("y");
const withInit = () =>
  pod("a").initContainer("one").initContainer("side", { restartPolicy: "Always" }).initContainer("two").container("x");
const exited = (exitCode: number, attempt = 0) => ({ phase: "exited" as const, exitCode, attempt });

test("a sandbox first, then all containers", () => {
  assert.deepEqual(steps(two(), { sandboxes: [], containers: [] }), ["sandbox 0"]);
  assert.deepEqual(steps(two(), state()), ["start x 0", "start y 0"]);
  assert.deepEqual(steps(two(), state(record("x"))), ["start y 0"]);
  assert.deepEqual(steps(two(), state(record("x"), record("y"))), []);
});

test("a lost sandbox is made anew, after what still runs has been stopped", () => {
  const lost = { sandboxes: [sandbox(0, false)], containers: [record("x"), record("y", exited(0))] };
  assert.deepEqual(steps(two(), lost), ["kill x: SandboxChanged", "sandbox 1"]);
  const anew = {
    sandboxes: [sandbox(1), sandbox(0, false)],
    containers: [record("x", exited(137)), record("y", exited(0))],
  };
  assert.deepEqual(steps(two(), anew), ["start x 1", "start y 1"]);
  assert.deepEqual(steps(two().spec({ restartPolicy: "OnFailure" }), anew), ["start x 1"]);
});

test("restart policies", () => {
  const cases: [policy: string, exitCode: number, want: string[]][] = [
    ["Always", 0, ["start x 1"]],
    ["Always", 1, ["start x 1"]],
    ["OnFailure", 0, ["finished"]],
    ["OnFailure", 1, ["start x 1"]],
    ["Never", 0, ["finished"]],
    ["Never", 1, ["finished"]],
  ];
  for (const [restartPolicy, exitCode, want] of cases)
    assert.deepEqual(
      steps(pod("a").container("x").spec({ restartPolicy }), state(record("x", exited(exitCode)))),
      want,
      `${restartPolicy} ${exitCode}`,
    );
  const rules = {
    restartPolicy: "Never",
    restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
  };
  assert.deepEqual(steps(pod("a").container("x", rules), state(record("x", exited(42)))), ["start x 1"]);
  assert.deepEqual(steps(pod("a").container("x", rules), state(record("x", exited(1)))), ["finished"]);
});

test("waits after the second failure", () => {
  const backoff = new RestartBackoff();
  backoff.started("x", 0, 500);
  const plan = planPod(view(pod("a").container("x"), state(record("x", exited(1, 1))), { backoff, now: 3000 }));
  assert.equal(
    plan.waiting.get("x")?.message,
    "back-off 10s restarting failed container=x pod=a_default(uid-a)".replace("uid-a", pod("a").build().metadata.uid),
  );
  assert.equal(plan.waitMs, 8000);
});

test("the longest wait is the node's to say", () => {
  const backoff = new RestartBackoff(crashLoopLimits(15_000));
  const waits = [0, 1, 2].map((at) => {
    backoff.started("c", at, at);
    return backoff.waiting("c", at, at)?.delayMs;
  });
  assert.deepEqual(waits, [10_000, 15_000, 15_000]);
  assert.deepEqual(crashLoopLimits(2000), { initialMs: 2000, maxMs: 2000 });
  assert.deepEqual(crashLoopLimits(undefined, true), { initialMs: 1000, maxMs: 60_000 });
  assert.deepEqual(crashLoopLimits(120_000, true), { initialMs: 1000, maxMs: 120_000 });
  const { crashLoop } = fixedFacts({
    config: {
      ...kubeletDefaults,
      file: { ...kubeletDefaults.file, featureGates: { ReduceDefaultCrashLoopBackOffDecay: true } },
    },
    machine: simulatedMachine,
    allocatableBytes: 0,
    cgroupV2: true,
    root: "/k",
    resolvConf: "",
  });
  assert.deepEqual(crashLoop, { initialMs: 1000, maxMs: 60_000 });
});

test("the end that a rule names makes all begin anew: what runs is stopped, then init containers come first", () => {
  const made = () =>
    pod("a")
      .spec({ restartPolicy: "Never" })
      .initContainer("one")
      .container("x", {
        restartPolicy: "Never",
        restartPolicyRules: [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } }],
      })
      .container("y");
  const one = record("one", { ...exited(0), finishedAt: 5 });
  const asks = record("x", { ...exited(42), createdAt: 10 });
  const running = record("y", { createdAt: 10 });
  assert.deepEqual(steps(made(), state(asks, running, one)), ["kill y: RestartAll"]);
  assert.equal(isFinished(made().build(), state(asks, running, one)), false);
  const stopped = record("y", { ...exited(137), createdAt: 10, finishedAt: 1005 });
  const old = [asks, stopped, one];
  assert.deepEqual(steps(made(), state(...old)), [
    "start one 1",
    "one waits: PodInitializing",
    "x waits: PodInitializing",
    "y waits: PodInitializing",
  ]);
  const late = record("y", { createdAt: 1001 });
  assert.deepEqual(
    steps(made(), state(late, asks, one)),
    ["kill y: RestartAll"],
    "made after it had ended, before that was seen",
  );
  const annotations = { [ROUND]: "1" };
  const again = record("one", { ...exited(0, 1), annotations, createdAt: 1010, finishedAt: 1020 });
  assert.deepEqual(steps(made(), state(again, ...old)).slice(0, 2), ["start x 1", "start y 1"]);
  const now = ["x", "y"].map((name) => record(name, { attempt: 1, annotations, createdAt: 1030 }));
  assert.deepEqual(steps(made(), state(...now, again, ...old)), []);
  const done = [
    record("x", { ...exited(0, 1), annotations, createdAt: 1030 }),
    record("y", { ...exited(1, 1), annotations, createdAt: 1030, finishedAt: 1040 }),
  ];
  assert.deepEqual(steps(made(), state(...done, again, ...old)), ["finished"], "no rule names these codes");
});

test("init containers in order, sidecars beside", () => {
  assert.deepEqual(steps(withInit(), state()), ["start one 0"]);
  assert.deepEqual(steps(withInit(), state(record("one"))), []);
  assert.deepEqual(steps(withInit(), state(record("one", exited(0)))), ["start side 0"]);
  assert.deepEqual(steps(withInit(), state(record("one", exited(0)), record("side")), { hasStarted: () => false }), []);
  assert.deepEqual(steps(withInit(), state(record("one", exited(0)), record("side"))), ["start two 0"]);
  const through = [record("one", exited(0)), record("side"), record("two", exited(0))];
  assert.deepEqual(steps(withInit(), state(...through)), ["start x 0"]);
  assert.deepEqual(steps(withInit(), state(record("one", exited(1)))), ["start one 1"]);
  assert.deepEqual(steps(withInit().spec({ restartPolicy: "Never" }), state(record("one", exited(1)))), ["finished"]);
  assert.deepEqual(
    steps(
      withInit(),
      state(record("one", exited(0)), record("side", exited(3)), record("two", exited(0)), record("x")),
    ),
    ["start side 1"],
  );
});

test("what is wrong is killed, to be started again", () => {
  const made = pod("a").container("x", { image: "new" });
  const old = containerHash({ name: "x", image: "old", resources: {} });
  assert.deepEqual(steps(made, state(record("x", { hash: old }))), ["kill x: Changed"]);
  assert.deepEqual(steps(made, state(record("x")), { failedProbe: () => "liveness" }), ["kill x: LivenessProbe"]);
  assert.deepEqual(steps(made, state(record("x")), { failedProbe: () => "startup" }), ["kill x: StartupProbe"]);
});

test("sidecars end after the others, the last one first", () => {
  const made = pod("a")
    .initContainer("s1", { restartPolicy: "Always" })
    .initContainer("s2", { restartPolicy: "Always" })
    .container("x")
    .build();
  const names = (...records: ContainerRecord[]) => planEnd(made, state(...records)).map(({ record }) => record.name);
  assert.deepEqual(names(record("s1"), record("s2"), record("x")), ["x"]);
  assert.deepEqual(names(record("s1"), record("s2"), record("x", exited(0))), ["s2"]);
  assert.deepEqual(names(record("s1"), record("s2", exited(0))), ["s1"]);
  assert.deepEqual(names(), []);
  const never = { ...made, spec: { ...made.spec, restartPolicy: "Never" } };
  assert.ok(isFinished(never, state(record("s1"), record("s2"), record("x", exited(0)))));
});
