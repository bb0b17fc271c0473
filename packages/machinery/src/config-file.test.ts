import assert from "node:assert/strict";
import { test } from "node:test";
import {
  any,
  bool,
  choice,
  duration,
  int,
  list,
  loadConfigFile,
  map,
  num,
  object,
  optional,
  parseConfig,
  str,
} from "./config-file.ts";

const kinds = {
  "kubelet.config.k8s.io/v1beta1/KubeletConfiguration": object({
    maxPods: int(110),
    failSwapOn: bool(true),
    cgroupDriver: choice(["cgroupfs", "systemd"], "cgroupfs"),
    syncFrequency: duration(60_000),
    clusterDNS: list(str()),
    evictionHard: optional(map(str())),
    ratio: num(0.5),
    logging: object({ format: str("text"), options: any() }),
  }),
};
const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
const parse = (text: string) => parseConfig(head + text, "kubelet.yaml", kinds).config;

test("values and defaults", () => {
  const config = parse("maxPods: 5\nsyncFrequency: 1m30s\nclusterDNS: [10.0.0.10]\nlogging: {options: {a: 1}}\n");
  assert.equal(config.maxPods satisfies number, 5);
  assert.equal(config.syncFrequency, 90_000);
  assert.deepEqual(config.clusterDNS, ["10.0.0.10"]);
  assert.equal(config.failSwapOn, true);
  assert.equal(config.evictionHard, undefined);
  assert.deepEqual(config.logging, { format: "text", options: { a: 1 } });
});

test("what is wrong is told with file and path", () => {
  const cases: Array<[string, string]> = [
    ["maxPod: 5", 'kubelet.yaml: unknown field "maxPod": did you mean "maxPods"?'],
    ["logging: {x: 1}", 'kubelet.yaml: unknown field "logging.x"'],
    ["maxPods: many", "kubelet.yaml: maxPods must be a whole number, not string"],
    ["clusterDNS: [1]", "kubelet.yaml: clusterDNS[0] must be text, not number"],
    ["clusterDNS: {}", "kubelet.yaml: clusterDNS must be a list, not object"],
    ["cgroupDriver: other", "kubelet.yaml: cgroupDriver must be one of cgroupfs, systemd"],
    ["syncFrequency: 5", 'kubelet.yaml: syncFrequency must be a duration such as "1m30s", not "5"'],
    ["maxPods: 1\nmaxPods: 2", 'kubelet.yaml: line 4: key "maxPods" already set in map'],
    ["a: [", "kubelet.yaml: yaml: line 3: did not find expected node content"],
  ];
  for (const [text, message] of cases) assert.throws(() => parse(text), { message, code: 2 }, text);
  assert.throws(() => parseConfig("kind: X", "f", kinds), {
    message:
      'f: no kind "X" is known for version ""; wanted: apiVersion: kubelet.config.k8s.io/v1beta1, kind: KubeletConfiguration',
  });
  assert.throws(
    () => loadConfigFile("/nowhere/at/all.yaml", kinds),
    /the configuration file \/nowhere\/at\/all.yaml cannot be read/,
  );
});
