import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKubeletConfig } from "../config.ts";
import { simulatedMachine } from "../testing/simulated-node.ts";
import type { MachineTopology } from "./machine-topology.ts";
import { policiesOf, supplyOf } from "./policies.ts";

const configOf = (...lines: string[]) =>
  parseKubeletConfig(
    [
      "apiVersion: kubelet.config.k8s.io/v1beta1",
      "kind: KubeletConfiguration",
      "kubeReserved: {cpu: 500m}",
      ...lines,
    ].join("\n"),
  );
const withCpuOptions = (options: string, ...lines: string[]) =>
  configOf("cpuManagerPolicy: static", `cpuManagerPolicyOptions: {${options}}`, ...lines);
const chosen = (...args: Parameters<typeof withCpuOptions>) => [...policiesOf(withCpuOptions(...args)).cpuOptions];
const ALPHA = "featureGates: {CPUManagerPolicyAlphaOptions: true}";

test("options of the static policy by the gates of their stage", () => {
  assert.deepEqual(chosen("full-pcpus-only: 'true', strict-cpu-reservation: 'false'"), ["full-pcpus-only"]);
  assert.deepEqual(chosen("distribute-cpus-across-numa: '1'"), ["distribute-cpus-across-numa"]);
  assert.throws(
    () => chosen("distribute-cpus-across-numa: 'true'", "featureGates: {CPUManagerPolicyBetaOptions: false}"),
    /Beta-level Options not enabled, but option "distribute-cpus-across-numa" provided/,
  );
  assert.throws(
    () => chosen("align-by-socket: 'true'"),
    /Alpha-level Options not enabled, but option "align-by-socket" provided/,
  );
  assert.deepEqual(chosen("align-by-socket: 'true'", ALPHA), ["align-by-socket"]);
  assert.throws(() => chosen("full-pcpus-only: 'yes'"), /bad value for option "full-pcpus-only": "yes"/);
  assert.throws(() => chosen("fast: 'true'"), /"fast"; this kubelet knows full-pcpus-only, /);
});

test("options that contradict each other, or the policy", () => {
  assert.throws(
    () => chosen("distribute-cpus-across-numa: 'true', prefer-align-cpus-by-uncorecache: 'true'"),
    /can not be used at the same time/,
  );
  assert.throws(
    () => chosen("full-pcpus-only: 'true', distribute-cpus-across-cores: 'true'", ALPHA),
    /full-pcpus-only and distribute-cpus-across-cores can not be used/,
  );
  assert.throws(
    () => chosen("align-by-socket: 'true'", ALPHA, "topologyManagerPolicy: single-numa-node"),
    /single-numa-node does not go with/,
  );
  assert.throws(
    () => policiesOf(configOf("cpuManagerPolicyOptions: {full-pcpus-only: 'true'}")),
    /None policy: received unsupported options full-pcpus-only/,
  );
});

const topologyOf = (nodes: number, sockets = 1, distances?: number[]): MachineTopology => ({
  cpus: Array.from({ length: 16 }, (_, id) => ({ id, core: id, socket: id % sockets, node: id % nodes, cache: 0 })),
  nodes: Array.from({ length: nodes }, (_, id) => ({ id, memoryBytes: 2 ** 30, ...(distances && { distances }) })),
});
const supply = (config: ReturnType<typeof configOf>, topology: MachineTopology) =>
  supplyOf(config, policiesOf(config), simulatedMachine, topology);

test("machines that the policies are not for", () => {
  const topology = (options = "") =>
    configOf("topologyManagerPolicy: best-effort", `topologyManagerPolicyOptions: {${options}}`);
  assert.equal(supply(topology(), topologyOf(8)).nodes.length, 8);
  assert.throws(() => supply(topology(), topologyOf(9)), /more than 8 NUMA Nodes/);
  assert.equal(supply(configOf(), topologyOf(9)).nodes.length, 9);
  assert.equal(supply(topology("max-allowable-numa-nodes: '9'"), topologyOf(9)).nodes.length, 9);
  assert.throws(
    () => supply(topology("max-allowable-numa-nodes: '7'"), topologyOf(1)),
    /minimum value of "max-allowable-numa-nodes" should not be less than 8/,
  );
  const closest = topology("prefer-closest-numa-nodes: 'true'");
  assert.throws(() => supply(closest, topologyOf(2)), /needs the distances/);
  assert.deepEqual(supply(closest, topologyOf(1, 1, [10])).nodes[0]?.distances, [10]);
  assert.throws(() => supply(topology("closest: 'true'"), topologyOf(1)), /"closest"; this kubelet knows/);
  const bySocket = withCpuOptions("align-by-socket: 'true'", ALPHA);
  assert.throws(() => supply(bySocket, topologyOf(1, 2)), /more sockets than NUMA nodes/);
});
