import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "@kubets/machinery/flags";
import { kubeletDefaults, parseKubeletConfig } from "./config.ts";
import { kubeletConfig, kubeletFlags, parseTaint } from "./config-flags.ts";
import { configz } from "./configz.ts";

const FILE = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: 20
clusterDNS: [10.96.0.10]
nodeStatusUpdateFrequency: 5s
kubeReserved: {cpu: 100m}
systemReserved: {cpu: 200m, memory: 1Gi}
authentication: {anonymous: {enabled: true}}
`;

test("a file, and flags over it", () => {
  const file = parseKubeletConfig(FILE);
  assert.equal(file.maxPods, 20);
  assert.deepEqual(file.clusterDns, ["10.96.0.10"]);
  assert.equal(file.nodeStatusUpdateFrequencyMs, 5000);
  assert.deepEqual(file.reserved, { cpu: "300m", memory: "1Gi" });
  assert.equal(file.anonymousAuth, true);
  const config = kubeletConfig(
    parseFlags(kubeletFlags, ["--max-pods=5", "--node-labels=a=b", "--register-with-taints=k=v:NoSchedule"]),
    file,
  );
  assert.equal(config.maxPods, 5);
  assert.deepEqual(config.nodeLabels, { a: "b" });
  assert.deepEqual(config.registerWithTaints, [{ key: "k", value: "v", effect: "NoSchedule" }]);
  assert.equal(config.nodeStatusUpdateFrequencyMs, 5000);
});

test("defaults, and what is refused", () => {
  assert.equal(kubeletDefaults.port, 10250);
  assert.equal(kubeletDefaults.anonymousAuth, false);
  assert.throws(
    () => parseKubeletConfig("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPod: 1\n"),
    /did you mean "maxPods"/,
  );
  assert.throws(() => parseTaint("nothing"), /is not key=value:effect/);
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
