/** The life of pods: made, seen, changed, ended, restarted by their policy, talked to over WebSockets. */
import assert from "node:assert/strict";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { openWebSocket } from "@kubets/wire/websocket";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, podSpec } from "../objects.ts";
import { createPod, linesOf, logOf, scriptPod, untilSaid } from "../output.ts";

const TAGS = "[NodeConformance] [Conformance]";
const pathOf = (t: BehaviourContext, rest = "") => `/api/v1/namespaces/${t.namespace}/pods${rest}`;
const stateOf = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0];

behaviour(`[sig-node] Pods should be submitted and removed ${TAGS}`, { on: "containers" }, async (t) => {
  const mark = t.name("mark");
  const list = pathOf(t, `?labelSelector=mark%3D${mark}`);
  const before = await t.request("GET", list);
  assert.deepEqual(before.json.items, []);
  await createPod(t, {
    metadata: { name: "it", labels: { mark } },
    spec: podSpec("trap 'exit 0' TERM; while :; do sleep 0.1; done"),
  });
  assert.equal((await t.request("GET", list)).json.items.length, 1);
  await t.until(pods, "it", "it to run", (pod) => pod?.status.phase === "Running");
  await t.client.delete(pods, { namespace: t.namespace, name: "it" }, { gracePeriodSeconds: 30 });
  const { text } = await t.request(
    "GET",
    `${list}&watch=true&timeoutSeconds=5&resourceVersion=${before.json.metadata.resourceVersion}`,
  );
  const seen = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; object: Pod });
  assert.equal(seen[0]?.type, "ADDED");
  assert.ok(
    seen.some(({ type, object }) => type === "MODIFIED" && object.metadata.deletionTimestamp),
    "a deletion time",
  );
  assert.equal(seen.at(-1)?.type, "DELETED");
  assert.deepEqual((await t.request("GET", list)).json.items, []);
});

behaviour(`[sig-node] Pods should be updated ${TAGS}`, { on: "simulated" }, async (t) => {
  const [first, second] = [t.name("v"), t.name("v")];
  await createPod(t, { metadata: { name: "it", labels: { time: first } }, spec: podSpec() });
  const found = async (time: string) =>
    (await t.request("GET", pathOf(t, `?labelSelector=time%3D${time}`))).json.items.length;
  assert.equal(await found(first), 1);
  await t.podReady("it");
  await t.eventually("the update", async () => {
    const { json } = await t.request("GET", pathOf(t, "/it"));
    const metadata = { ...json.metadata, labels: { time: second } };
    return (await t.request("PUT", pathOf(t, "/it"), { ...json, metadata })).status === 200;
  });
  assert.deepEqual([await found(first), await found(second)], [0, 1]);
});

behaviour(
  `[sig-node] Pods should allow activeDeadlineSeconds to be updated ${TAGS}`,
  { on: "simulated" },
  async (t) => {
    await createPod(t, { metadata: { name: "it", labels: { app: "it" } }, spec: podSpec() });
    await t.podReady("it");
    await t.client.patch(
      pods,
      { namespace: t.namespace, name: "it" },
      { type: "merge", body: { spec: { activeDeadlineSeconds: 2 } } },
    );
    const ended = await t.until(pods, "it", "it to fail", (pod) => pod?.status.phase === "Failed");
    assert.equal(ended.status.reason, "DeadlineExceeded");
  },
);

behaviour(
  `[sig-node] InitContainer ${TAGS.split(" ")[0]} should invoke init containers on a RestartNever pod [Conformance]`,
  { on: "containers" },
  async (t) => {
    const own = scriptPod("it", { script: "true" });
    const init = ["one", "two"].map((name) => ({ ...container("true"), name }));
    await createPod(t, { ...own, spec: { ...own.spec, initContainers: init } });
    const { status } = await t.until(pods, "it", "it to succeed", (pod) => pod?.status.phase === "Succeeded");
    const initialized = status.conditions?.find(({ type }) => type === "Initialized");
    assert.equal(initialized?.status, "True");
    assert.deepEqual(
      [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map((each) => [
        each.state.terminated?.exitCode,
        each.restartCount,
      ]),
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
  },
);

behaviour(
  `[sig-node] Container Runtime blackbox test when starting a container that exits should run with the expected status ${TAGS}`,
  { on: "containers" },
  async (t) => {
    // Fails until it has been run so often as the pod's folder remembers.
    const script = (failures: number, then: string) =>
      `echo x >> /v/runs; n=$(wc -l < /v/runs); [ $n -gt ${failures} ] && { ${then}; } || exit 1`;
    const make = (name: string, restartPolicy: string, text: string) =>
      createPod(t, {
        metadata: { name },
        spec: {
          terminationGracePeriodSeconds: 0,
          restartPolicy,
          volumes: [{ name: "v", emptyDir: {} }],
          containers: [container(text, { volumeMounts: [{ name: "v", mountPath: "/v" }] })],
        },
      });
    await make("always", "Always", script(1, "sleep 600"));
    await make("on-failure", "OnFailure", script(1, "exit 0"));
    await make("never", "Never", script(1, "exit 0"));
    const always = await t.until(
      pods,
      "always",
      "it to run again",
      (pod) => stateOf(pod)?.ready && stateOf(pod)?.restartCount === 1,
    );
    assert.equal(always.status.phase, "Running");
    const onFailure = await t.until(pods, "on-failure", "it to succeed", (pod) => pod?.status.phase === "Succeeded");
    assert.equal(stateOf(onFailure)?.restartCount, 1);
    const never = await t.until(pods, "never", "it to fail", (pod) => pod?.status.phase === "Failed");
    assert.deepEqual([stateOf(never)?.restartCount, stateOf(never)?.state.terminated?.exitCode], [0, 1]);
  },
);

behaviour(
  `[sig-node] Kubelet when scheduling a busybox command in a pod should print the output to logs ${TAGS}`,
  { on: "containers" },
  async (t) => {
    const lines = await linesOf(t, { script: "echo to stdout; echo to stderr >&2" });
    assert.deepEqual(lines.sort(), ["to stderr", "to stdout"]);
  },
);

const FAILS = "[sig-node] Kubelet when scheduling a busybox command that always fails in a pod";
behaviour(`${FAILS} should have an terminated reason ${TAGS}`, { on: "containers" }, async (t) => {
  await createPod(t, { metadata: { name: "it" }, spec: podSpec("exit 1") });
  const ended = await t.until(
    pods,
    "it",
    "it to end",
    (pod) => stateOf(pod)?.state.terminated ?? stateOf(pod)?.lastState.terminated,
  );
  assert.equal(ended.status.containerStatuses?.length, 1);
  assert.equal((stateOf(ended)?.state.terminated ?? stateOf(ended)?.lastState.terminated)?.reason, "Error");
});
behaviour(`${FAILS} should be possible to delete ${TAGS}`, { on: "containers" }, async (t) => {
  await createPod(t, { metadata: { name: "it" }, spec: podSpec("exit 1") });
  await t.until(pods, "it", "it to end", (pod) => stateOf(pod)?.state.terminated ?? stateOf(pod)?.lastState.terminated);
  await t.client.delete(pods, { namespace: t.namespace, name: "it" });
  await t.untilGone(pods, "it");
});

async function addEphemeral(t: BehaviourContext, name: string): Promise<void> {
  const path = pathOf(t, "/it/ephemeralcontainers");
  const { json } = await t.request("GET", path);
  const { ephemeralContainers = [] } = json.spec as { ephemeralContainers?: object[] };
  const added = { ...container("echo runs; sleep 600"), name, targetContainerName: "c" };
  const type = { "content-type": "application/strategic-merge-patch+json" };
  const patched = await t.request(
    "PATCH",
    path,
    { spec: { ephemeralContainers: [...ephemeralContainers, added] } },
    type,
  );
  assert.equal(patched.status, 200, patched.text);
  await t.until(pods, "it", `${name} to run`, (pod) =>
    pod?.status.ephemeralContainerStatuses?.some((each) => each.name === name && each.state.running),
  );
  await untilSaid(t, "it", "runs", `?container=${name}`);
}

const EPHEMERAL = "[sig-node] Ephemeral Containers [NodeConformance]";
behaviour(
  `${EPHEMERAL} will start an ephemeral container in an existing pod [Conformance]`,
  { on: "containers" },
  async (t) => {
    await createPod(t, { metadata: { name: "it" }, spec: podSpec("sleep 600") });
    await t.podReady("it");
    await addEphemeral(t, "debugger");
  },
);
behaviour(
  `${EPHEMERAL} should update the ephemeral containers in an existing pod [Conformance]`,
  { on: "containers" },
  async (t) => {
    await createPod(t, { metadata: { name: "it" }, spec: podSpec("sleep 600") });
    await t.podReady("it");
    const count = async () =>
      (await t.client.get(pods, { namespace: t.namespace, name: "it" })).spec.ephemeralContainers?.length;
    await addEphemeral(t, "one");
    assert.equal(await count(), 1);
    await addEphemeral(t, "two");
    assert.equal(await count(), 2);
  },
);

/** The messages that a WebSocket brings until its end. */
async function overWebSocket(t: BehaviourContext, path: string, protocols: string[]): Promise<Buffer[]> {
  const { server, ca, credentials } = await connectionFrom({ kubeconfig: t.cluster.kubeconfig }, machineReading());
  const [authorization, certificate] = [await credentials.authorization(), await credentials.certificate()];
  const socket = await openWebSocket({
    url: server.replace(/^http/, "ws") + path,
    protocols,
    ...(ca && { ca }),
    ...certificate,
    ...(authorization && { headers: { authorization } }),
  });
  const messages: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (message: Buffer) => void messages.push(Buffer.from(message)));
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
  return messages;
}

behaviour(
  `[sig-node] Pods should support remote command execution over websockets ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await createPod(t, { metadata: { name: "it" }, spec: podSpec("sleep 600") });
    await t.podReady("it");
    const command = ["echo", "remote execution test"].map((word) => `command=${encodeURIComponent(word)}`).join("&");
    const path = pathOf(t, `/it/exec?stdout=1&stderr=1&container=c&${command}`);
    const messages = await overWebSocket(t, path, ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"]);
    const said = Buffer.concat(messages.filter((each) => each[0] === 1).map((each) => each.subarray(1))).toString();
    assert.equal(said, "remote execution test\n");
    assert.ok(!messages.some((each) => each[0] === 2 && each.length > 1), "nothing on stderr");
  },
);

behaviour(
  `[sig-node] Pods should support retrieving logs from the container over websockets ${TAGS}`,
  { on: "containers" },
  async (t) => {
    await createPod(t, { metadata: { name: "it" }, spec: podSpec("echo container is alive; sleep 600") });
    await t.podReady("it");
    await untilSaid(t, "it", "alive");
    const messages = await overWebSocket(t, pathOf(t, "/it/log?container=c"), ["binary.k8s.io"]);
    assert.equal(Buffer.concat(messages).toString(), "container is alive\n");
    assert.equal(await logOf(t, "it"), "container is alive\n");
  },
);
