import assert from "node:assert/strict";
import { test } from "node:test";
import { containersOf, defaultContainer, type SomePod, stateText } from "./pod-containers.ts";

const pod = (annotations: Record<string, string>, ...containerStatuses: object[]): SomePod =>
  ({
    metadata: { annotations },
    spec: {
      containers: [{ name: "web" }, { name: "side" }],
      initContainers: [{ name: "setup" }],
      ephemeralContainers: [{ name: "debug" }],
    },
    status: { containerStatuses },
  }) as unknown as SomePod;

test("containers of all sorts, and the one that is meant", () => {
  assert.deepEqual(
    containersOf(pod({})).map(({ name, role }) => `${name} ${role}`),
    ["web ", "side ", "setup init", "debug ephemeral"],
  );
  assert.equal(defaultContainer(pod({})), "web");
  assert.equal(defaultContainer(pod({ "kubectl.kubernetes.io/default-container": "side" })), "side");
  assert.equal(defaultContainer(pod({ "kubectl.kubernetes.io/default-container": "gone" })), "web");
});

test("how a container does, in words", () => {
  const said = (state: object) => stateText(pod({}, { name: "web", state }), "web");
  assert.equal(said({ running: {} }), "");
  const terminated = { exitCode: 3, reason: "Error", finishedAt: "2026-11-22T10:00:00Z" };
  assert.equal(said({ terminated }), "ended with exit code 3 (Error) at 2026-11-22T10:00:00Z");
  const back = { reason: "CrashLoopBackOff", message: "back-off 10s" };
  assert.equal(said({ waiting: back }), "waits to start: CrashLoopBackOff, back-off 10s");
  assert.equal(stateText(pod({}), "web"), "waits to start");
});
