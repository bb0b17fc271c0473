/** What a container is given: command, arguments, environment, identity, privileges. */
import assert from "node:assert/strict";
import { configmaps, nodes, pods, secrets, services } from "@kubets/api/generated/refs";
import { parseQuantity } from "@kubets/machinery/quantity";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { linesOf, scriptPod } from "../output.ts";

const TAGS = "[NodeConformance] [Conformance]";
const onNode = (words: string, run: (t: BehaviourContext) => Promise<void>) =>
  behaviour(`[sig-node] ${words}`, { on: "containers" }, run);
const fieldEnv = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const resourceEnv = (name: string, resource: string, divisor = "1") => ({
  name,
  valueFrom: { resourceFieldRef: { resource, divisor } },
});

onNode(`ConfigMap should be consumable via environment variable ${TAGS}`, async (t) => {
  const { client, namespace } = t;
  await client.create(configmaps, { metadata: { namespace, name: "it" }, data: { "data-1": "value-1" } });
  const env = [{ name: "DATA", valueFrom: { configMapKeyRef: { name: "it", key: "data-1" } } }];
  assert.deepEqual(await linesOf(t, { script: "echo $DATA", container: { env } }), ["value-1"]);
});

onNode(`ConfigMap should be consumable via the environment ${TAGS}`, async (t) => {
  const { client, namespace } = t;
  await client.create(configmaps, {
    metadata: { namespace, name: "it" },
    data: { data_1: "value-1", data_2: "value-2" },
  });
  const envFrom = [{ configMapRef: { name: "it" } }, { prefix: "p_", configMapRef: { name: "it" } }];
  const script = "echo $data_1 $data_2 $p_data_1 $p_data_2";
  assert.deepEqual(await linesOf(t, { script, container: { envFrom } }), ["value-1 value-2 value-1 value-2"]);
});

onNode(`Secrets should be consumable via the environment ${TAGS}`, async (t) => {
  const { client, namespace } = t;
  await client.create(secrets, { metadata: { namespace, name: "it" }, stringData: { data_1: "value-1" } });
  const container = { envFrom: [{ secretRef: { name: "it" } }] };
  assert.deepEqual(await linesOf(t, { script: "echo $data_1", container }), ["value-1"]);
});

onNode(
  "Secrets should be consumable as environment variable names variable names with various prefixes [Conformance]",
  async (t) => {
    const { client, namespace } = t;
    await client.create(secrets, { metadata: { namespace, name: "it" }, stringData: { data_1: "value-1" } });
    const prefixes = ["1-", "$_-", "p.", "#%&?", "UPPER lower "];
    const envFrom = prefixes.map((prefix) => ({ prefix, secretRef: { name: "it" } }));
    // A shell would hand on only what it can name itself.
    const lines = await linesOf(t, { script: "", container: { envFrom, command: ["env"] } });
    for (const prefix of prefixes)
      assert.ok(lines.includes(`${prefix}data_1=value-1`), `${prefix} in ${lines.join("\n")}`);
  },
);

for (const [words, own, wanted] of [
  ["arguments (container cmd)", { command: undefined, args: ["override", "arguments"] }, ["entry override arguments"]],
  ["command (container entrypoint)", { command: ["/bin/echo", "override command"] }, ["override command"]],
  [
    "command and arguments",
    { command: ["/bin/echo", "override"], args: ["command", "and", "arguments"] },
    ["override command and arguments"],
  ],
] as const)
  onNode(`Containers should be able to override the image's default ${words} ${TAGS}`, async (t) => {
    const image = t.images.entrypoint;
    const ended = await linesOf(t, { script: "", container: { image, ...own } });
    assert.deepEqual(ended, wanted);
  });

for (const [words, env, wanted] of [
  [
    "pod name, namespace and IP address as env vars",
    [fieldEnv("A", "metadata.name"), fieldEnv("B", "metadata.namespace"), fieldEnv("C", "status.podIP")],
    (pod) => [pod.metadata.name, pod.metadata.namespace, pod.status.podIP],
  ],
  ["host IP as an env var", [fieldEnv("A", "status.hostIP")], ({ status }) => [status.hostIP]],
  [
    "hostIPs as an env var",
    [fieldEnv("A", "status.hostIPs")],
    ({ status }) => [status.hostIPs?.map(({ ip }) => ip).join(",")],
  ],
  ["pod UID as env vars", [fieldEnv("A", "metadata.uid")], ({ metadata }) => [metadata.uid]],
] as [string, object[], (pod: import("@kubets/api/generated/types/core-v1").Pod) => unknown[]][])
  onNode(`Downward API should provide ${words} ${TAGS}`, async (t) => {
    const lines = await linesOf(t, { script: "echo $A $B $C", container: { env } }, "it");
    const pod = await t.client.get(pods, { namespace: t.namespace, name: "it" });
    assert.deepEqual(lines, [wanted(pod).join(" ")]);
    assert.notEqual(lines[0], "");
  });

const AMOUNTS = [
  resourceEnv("CPU_LIMIT", "limits.cpu", "1m"),
  resourceEnv("CPU_REQUEST", "requests.cpu", "1m"),
  resourceEnv("MEMORY_LIMIT", "limits.memory"),
  resourceEnv("MEMORY_REQUEST", "requests.memory"),
];

onNode(
  `Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars ${TAGS}`,
  async (t) => {
    const resources = { requests: { cpu: "250m", memory: "32Mi" }, limits: { cpu: "1250m", memory: "64Mi" } };
    const script = "echo $CPU_LIMIT $CPU_REQUEST $MEMORY_LIMIT $MEMORY_REQUEST";
    const lines = await linesOf(t, { script, container: { env: AMOUNTS, resources } });
    assert.deepEqual(lines, [`1250 250 ${64 * 2 ** 20} ${32 * 2 ** 20}`]);
  },
);

onNode(`Downward API should provide default limits.cpu/memory from node allocatable ${TAGS}`, async (t) => {
  const script = "echo $CPU_LIMIT $MEMORY_LIMIT";
  const lines = await linesOf(t, { script, container: { env: [AMOUNTS[0], AMOUNTS[2]] } }, "it");
  const { spec } = await t.client.get(pods, { namespace: t.namespace, name: "it" });
  const { allocatable = {} } = (await t.client.get(nodes, { name: spec.nodeName ?? "" })).status;
  const [cpu, memory] = [parseQuantity(allocatable.cpu ?? ""), parseQuantity(allocatable.memory ?? "")];
  assert.deepEqual(lines, [`${cpu.milliValue()} ${memory.value()}`]);
});

onNode(`Variable Expansion should allow composing env vars into new env vars ${TAGS}`, async (t) => {
  const env = [
    { name: "FOO", value: "foo-value" },
    { name: "BAR", value: "bar-value" },
    { name: "BOTH", value: "$(FOO);;$(BAR)" },
  ];
  assert.deepEqual(await linesOf(t, { script: 'echo "$BOTH"', container: { env } }), ["foo-value;;bar-value"]);
});

onNode(`Variable Expansion should allow substituting values in a container's command ${TAGS}`, async (t) => {
  const container = { env: [{ name: "TEST", value: "from the environment" }], command: ["sh", "-c", "echo '$(TEST)'"] };
  assert.deepEqual(await linesOf(t, { script: "", container }), ["from the environment"]);
});

onNode(`Pods should contain environment variables for services ${TAGS}`, async (t) => {
  const { client, namespace } = t;
  const spec = { selector: { app: "server" }, ports: [{ port: 8765, targetPort: 8080 }] };
  const made = await client.create(services, { metadata: { namespace, name: "fooservice" }, spec });
  const ip = made.spec.clusterIP;
  const wanted = [
    `FOOSERVICE_SERVICE_HOST=${ip}`,
    "FOOSERVICE_SERVICE_PORT=8765",
    `FOOSERVICE_PORT=tcp://${ip}:8765`,
    "FOOSERVICE_PORT_8765_TCP_PORT=8765",
    "FOOSERVICE_PORT_8765_TCP_PROTO=tcp",
    `FOOSERVICE_PORT_8765_TCP=tcp://${ip}:8765`,
    `FOOSERVICE_PORT_8765_TCP_ADDR=${ip}`,
  ];
  // A node hears of a service a moment after it was made: later pods have it.
  await t.eventually("a pod that knows the service", async () => {
    const lines = await linesOf(t, { script: "env" });
    return wanted.every((line) => lines.includes(line));
  });
});

const LINUX = "[LinuxOnly] [NodeConformance] [Conformance]";

onNode(
  `Security Context When creating a container with runAsUser should run the container with uid 65534 ${LINUX}`,
  async (t) => {
    assert.deepEqual(await linesOf(t, { script: "id -u", container: { securityContext: { runAsUser: 65534 } } }), [
      "65534",
    ]);
  },
);

onNode(
  `Security Context When creating a pod with privileged should run the container as unprivileged when false ${LINUX}`,
  async (t) => {
    const script = "ip link add kubets-test type bridge 2>&1 && echo could || echo could not";
    const lines = await linesOf(t, { script, container: { securityContext: { privileged: false } } });
    assert.equal(lines.at(-1), "could not");
  },
);

for (const level of ["container", "pod.Spec"])
  onNode(
    `Security Context should support ${level}.SecurityContext.RunAsUser And ${level}.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]`,
    async (t) => {
      const securityContext = { runAsUser: 1001, runAsGroup: 2002 };
      const where = level === "container" ? { container: { securityContext } } : { spec: { securityContext } };
      const lines = await linesOf(t, { script: "echo $(id -u) $(id -g)", ...where });
      assert.deepEqual(lines, ["1001 2002"]);
    },
  );

onNode(
  `Kubelet when scheduling a read only busybox container should not write to root filesystem ${LINUX}`,
  async (t) => {
    const script = "(echo x > /file) 2>/dev/null; [ -e /file ] && echo written || echo refused";
    const lines = await linesOf(t, { script, container: { securityContext: { readOnlyRootFilesystem: true } } });
    assert.deepEqual(lines, ["refused"]);
  },
);

onNode(
  "Sysctls [LinuxOnly] [NodeConformance] should support sysctls [Environment:NotInUserNS] [Conformance]",
  async (t) => {
    const securityContext = { sysctls: [{ name: "kernel.shm_rmid_forced", value: "1" }] };
    const lines = await linesOf(t, { script: "cat /proc/sys/kernel/shm_rmid_forced", spec: { securityContext } });
    assert.deepEqual(lines, ["1"]);
  },
);

onNode("Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls [Conformance]", async (t) => {
  const bad = ["foo-", "bar.."];
  const sysctls = [...bad, "kernel.shmmax"].map((name) => ({ name, value: "1" }));
  const { metadata, spec } = scriptPod("it", { script: "true", spec: { securityContext: { sysctls } } });
  const path = `/api/v1/namespaces/${t.namespace}/pods`;
  const { status, text } = await t.request("POST", path, { metadata, spec });
  assert.equal(status, 422);
  for (const name of bad) assert.ok(text.includes(`Invalid value: \\"${name}\\"`), text);
  assert.ok(!text.includes('kernel.shmmax\\"'), text);
});
