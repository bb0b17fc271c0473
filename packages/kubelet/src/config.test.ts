import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
import { kubeletDefaults, parseKubeletConfig } from "./config.ts";
import { withoutEffect } from "./config-checks.ts";
import { parseConfigFields, readConfigFiles } from "./config-files.ts";
import { kubeletConfig, kubeletFlags, parseTaint } from "./config-flags.ts";
import { configz } from "./configz.ts";

const HEAD = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
const FILE = `${HEAD}maxPods: 20
clusterDNS: [10.96.0.10]
nodeStatusUpdateFrequency: 5s
kubeReserved: {cpu: 100m}
systemReserved: {cpu: 200m, memory: 1Gi}
authentication: {anonymous: {enabled: true}}
`;
const withFlags = (argv: readonly string[], text = HEAD) =>
  kubeletConfig(parseFlags(kubeletFlags, argv), parseConfigFields(text));

test("a file, and flags over it", () => {
  const file = parseKubeletConfig(FILE);
  assert.equal(file.maxPods, 20);
  assert.deepEqual(file.clusterDns, ["10.96.0.10"]);
  assert.equal(file.nodeStatusUpdateFrequencyMs, 5000);
  assert.deepEqual(file.reserved, { cpu: "300m", memory: "1Gi" });
  assert.equal(file.anonymousAuth, true);
  const config = withFlags(["--max-pods=5", "--node-labels=a=b", "--register-with-taints=k=v:NoSchedule"], FILE);
  assert.equal(config.maxPods, 5);
  assert.deepEqual(config.nodeLabels, { a: "b" });
  assert.deepEqual(config.registerWithTaints, [{ key: "k", value: "v", effect: "NoSchedule" }]);
  assert.equal(config.nodeStatusUpdateFrequencyMs, 5000);
});

test("flags of every kind set the fields of the original", () => {
  const { file, registerWithTaints } = withFlags(
    [
      "--eviction-hard=memory.available<1Gi,nodefs.available<5%",
      "--eviction-soft-grace-period=memory.available=1m",
      "--manifest-url-header=a:1,b:2",
      "--manifest-url-header=a:3",
      "--reserved-memory=0:memory=1Gi,hugepages-1Gi=2Gi",
      "--kube-reserved=cpu=1",
      "--feature-gates=A=true",
      "--authorization-mode=AlwaysAllow",
      "--fail-swap-on=false",
      "--streaming-connection-idle-timeout=1m30s",
      "--cluster-dns=10.0.0.1",
      "--cluster-dns=10.0.0.2",
      "--cloud-provider=external",
      "--register-with-taints=x:NoExecute",
    ],
    `${HEAD}featureGates: {B: true}\nkubeReserved: {memory: 1Gi}\n`,
  );
  assert.deepEqual(file.evictionHard, { "memory.available": "1Gi", "nodefs.available": "5%" });
  assert.deepEqual(file.evictionSoftGracePeriod, { "memory.available": "1m" });
  assert.deepEqual(file.staticPodURLHeader, { a: ["1", "3"], b: ["2"] });
  assert.deepEqual(file.reservedMemory, [{ numaNode: 0, limits: { memory: "1Gi", "hugepages-1Gi": "2Gi" } }]);
  assert.deepEqual(file.kubeReserved, { cpu: "1" });
  assert.deepEqual(file.featureGates, { A: true, B: true });
  assert.equal(file.authorization.mode, "AlwaysAllow");
  assert.equal(file.failSwapOn, false);
  assert.equal(file.streamingConnectionIdleTimeout, 90_000);
  assert.deepEqual(file.clusterDNS, ["10.0.0.1", "10.0.0.2"]);
  assert.deepEqual(
    registerWithTaints.map(({ key }) => key),
    ["x", "node.cloudprovider.kubernetes.io/uninitialized"],
  );
});

test("files of a folder are laid over the file, in the order of their names", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kubelet-config-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write("main.yaml", FILE);
  write("20.conf", `${HEAD}maxPods: 7\nclusterDNS: [10.0.0.2]\n`);
  write("10.conf", `${HEAD}maxPods: 6\nkubeReserved: {memory: 1Gi}\n`);
  write("ignored.yaml", "not: [read");
  const { maxPods, clusterDNS, kubeReserved } = readConfigFiles(join(folder, "main.yaml"), folder);
  assert.deepEqual({ maxPods, clusterDNS }, { maxPods: 7, clusterDNS: ["10.0.0.2"] });
  assert.deepEqual(kubeReserved, { cpu: "100m", memory: "1Gi" });
  write("30.conf", `${HEAD}maxPod: 7\n`);
  assert.throws(() => readConfigFiles("", folder), /30\.conf: unknown field "maxPod": did you mean "maxPods"/);
});

test("defaults, and what is refused", () => {
  assert.equal(kubeletDefaults.port, 10250);
  assert.equal(kubeletDefaults.anonymousAuth, false);
  const refused: readonly (readonly [text: string, why: RegExp])[] = [
    [
      "enableSystemLogHandler: false\nenableSystemLogQuery: true",
      /enableSystemLogHandler is required for enableSystemLogQuery/,
    ],
    ["maxPod: 1", /did you mean "maxPods"/],
    ["port: 70000", /port \(--port\) 70000 must be between 0 and 65535, inclusive/],
    [
      "imageGCLowThresholdPercent: 90",
      /90 must be less than imageGCHighThresholdPercent \(--image-gc-high-threshold\) 85/,
    ],
    ["crashLoopBackOff: {maxContainerRestartPeriod: 10m}", /must be set between 1s and 300s/],
    [
      "enforceNodeAllocatable: [system-reserved]",
      /systemReservedCgroup \(--system-reserved-cgroup\) must be specified/,
    ],
    ["memorySwap: {swapBehavior: Some}", /must be one of: "", "LimitedSwap" or "NoSwap"/],
    [
      "featureGates: {MemoryQoS: true}\nmemoryThrottlingFactor: 2",
      /must be greater than 0 and less than or equal to 1\.0/,
    ],
    ["memoryReservationPolicy: Some", /memoryReservationPolicy "Some" must be None or TieredReservation/],
    ["cpuCFSQuotaPeriod: 10ms", /requires feature gate CustomCPUCFSQuotaPeriod/],
    ["cgroupsPerQOS: false", /is not supported/],
    ["qosReserved: {cpu: 50%}", /cannot reserve "cpu" resource/],
    ["qosReserved: {memory: 101%}", /failed to parse percentage "101%" for "memory" resource/],
  ];
  for (const [text, why] of refused) assert.throws(() => parseKubeletConfig(`${HEAD}${text}\n`), why);
  assert.throws(
    () => withFlags(["--authorization-mode=RBAC"]),
    /authorization\.mode must be one of AlwaysAllow, Webhook/,
  );
  assert.throws(() => withFlags(["--image-gc-high-threshold=101"]), /101 must be between 0 and 100/);
  assert.throws(() => parseTaint("nothing"), /is not key=value:effect/);
});

test("who sets a field that changes nothing is told why", () => {
  assert.deepEqual(withoutEffect(kubeletDefaults.file, kubeletDefaults.file), []);
  assert.deepEqual(
    withoutEffect(parseKubeletConfig(`${HEAD}kubeAPIQPS: 10\nmaxPods: 3\n`).file, kubeletDefaults.file),
    [["kubeAPIQPS", "requests are few, and the API server decides who waits"]],
  );
  const reserving = (more = "") =>
    withoutEffect(parseKubeletConfig(`${HEAD}qosReserved: {memory: 50%}\n${more}`).file, kubeletDefaults.file);
  assert.deepEqual(
    reserving().map(([field]) => field),
    ["qosReserved"],
  );
  assert.deepEqual(reserving("featureGates: {QOSReserved: true}\n"), []);
});

test("configz shows what is in force in the file's own words", () => {
  const config = { ...parseKubeletConfig(FILE), port: 0 };
  const { kubeletconfig } = configz(config) as { kubeletconfig: Record<string, unknown> };
  assert.equal(kubeletconfig.port, 0);
  assert.equal(kubeletconfig.maxPods, 20);
  assert.equal(kubeletconfig.nodeStatusUpdateFrequency, "5s");
  assert.equal(kubeletconfig.syncFrequency, "1m0s");
  assert.deepEqual(kubeletconfig.authentication, {
    x509: {},
    webhook: { enabled: true, cacheTTL: "2m0s" },
    anonymous: { enabled: true },
  });
  assert.deepEqual(
    parseKubeletConfig(
      JSON.stringify({ ...kubeletconfig, kind: "KubeletConfiguration", apiVersion: "kubelet.config.k8s.io/v1beta1" }),
    ).eviction,
    config.eviction,
  );
});
