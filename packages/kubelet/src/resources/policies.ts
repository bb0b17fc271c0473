/** How a node shares out CPUs, memory and devices, as its configuration says; what cannot work is refused before anything starts. */
import { ConfigError } from "@kubets/machinery/config-file";
import { isOpen } from "@kubets/machinery/given-gates";
import { isObject, type JsonValue } from "@kubets/machinery/json-value";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { KubeletConfig } from "../config.ts";
import type { MachineFacts } from "../node/machine.ts";
import { withheldOf } from "../node/node-object.ts";
import { type CpuOption, parseCpuList } from "./cpus.ts";
import { chooseCpus } from "./distribute.ts";
import type { MachineTopology } from "./machine-topology.ts";
import type { TopologyPolicy } from "./numa.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";

const TOPOLOGY: readonly string[] = ["none", "best-effort", "restricted", "single-numa-node"];
const TOPOLOGY_OPTIONS: readonly string[] = ["prefer-closest-numa-nodes", "max-allowable-numa-nodes"];

export function policiesOf({ file }: Pick<KubeletConfig, "file">): NodePolicies {
  const { featureGates } = file;
  const { cpuManagerPolicy: cpus, memoryManagerPolicy: memory, topologyManagerPolicy: topology } = file;
  if (cpus !== "none" && cpus !== "static") throw wrong("cpuManagerPolicy", cpus, "none or static");
  if (memory !== "None" && memory !== "Static") throw wrong("memoryManagerPolicy", memory, "None or Static");
  if (!TOPOLOGY.includes(topology)) throw wrong("topologyManagerPolicy", topology, TOPOLOGY.join(", "));
  const scope = file.topologyManagerScope;
  if (scope !== "container" && scope !== "pod") throw wrong("topologyManagerScope", scope, "container or pod");
  const cpuOptions = cpuOptionsOf(file);
  if (cpuOptions.has("align-by-socket") && topology === "single-numa-node")
    throw new ConfigError(
      "the topology manager's policy single-numa-node does not go with the CPU manager's option align-by-socket",
    );
  const unknown = Object.keys(file.topologyManagerPolicyOptions).find((name) => !TOPOLOGY_OPTIONS.includes(name));
  if (unknown) throw wrong("topologyManagerPolicyOptions", unknown, TOPOLOGY_OPTIONS.join(", "));
  const { "prefer-closest-numa-nodes": closest = "false" } = file.topologyManagerPolicyOptions;
  const closestNodes = truth("prefer-closest-numa-nodes", closest);
  const podLevel = isOpen("PodLevelResources", featureGates) && isOpen("PodLevelResourceManagers", featureGates);
  const resizes = new Set<"cpu" | "memory">();
  if (isOpen("InPlacePodVerticalScalingExclusiveCPUs", featureGates)) resizes.add("cpu");
  if (isOpen("InPlacePodVerticalScalingExclusiveMemory", featureGates)) resizes.add("memory");
  return { cpus, cpuOptions, memory, topology: topology as TopologyPolicy, closestNodes, scope, podLevel, resizes };
}

/** The options of the static policy, and the gate that each needs. */
const CPU_OPTIONS: Readonly<Record<CpuOption, "Alpha" | "Beta" | "">> = {
  "full-pcpus-only": "",
  "strict-cpu-reservation": "",
  "distribute-cpus-across-numa": "Beta",
  "prefer-align-cpus-by-uncorecache": "Beta",
  "align-by-socket": "Alpha",
  "distribute-cpus-across-cores": "Alpha",
};
const AGAINST_EACH_OTHER: readonly (readonly [CpuOption, CpuOption])[] = [
  ["full-pcpus-only", "distribute-cpus-across-cores"],
  ["distribute-cpus-across-numa", "distribute-cpus-across-cores"],
  ["prefer-align-cpus-by-uncorecache", "distribute-cpus-across-cores"],
  ["prefer-align-cpus-by-uncorecache", "distribute-cpus-across-numa"],
];

const isCpuOption = (name: string): name is CpuOption => name in CPU_OPTIONS;

function cpuOptionsOf({
  cpuManagerPolicy,
  cpuManagerPolicyOptions,
  featureGates,
}: KubeletConfig["file"]): Set<CpuOption> {
  const found = new Set<CpuOption>();
  const names = Object.keys(cpuManagerPolicyOptions);
  if (cpuManagerPolicy === "none" && names.length > 0)
    throw new ConfigError(
      `None policy: received unsupported options ${names.join(", ")}; they are of cpuManagerPolicy static`,
    );
  for (const [name, value] of Object.entries(cpuManagerPolicyOptions)) {
    if (!isCpuOption(name)) throw wrong("cpuManagerPolicyOptions", name, Object.keys(CPU_OPTIONS).join(", "));
    const level = CPU_OPTIONS[name];
    if (level && !isOpen(`CPUManagerPolicy${level}Options`, featureGates))
      throw new ConfigError(
        `CPU Manager Policy ${level}-level Options not enabled, but option ${JSON.stringify(name)} provided: it needs the feature gate CPUManagerPolicy${level}Options`,
      );
    if (truth(name, value)) found.add(name);
  }
  for (const [one, other] of AGAINST_EACH_OTHER)
    if (found.has(one) && found.has(other))
      throw new ConfigError(`static policy options ${one} and ${other} can not be used at the same time`);
  return found;
}

function truth(option: string, value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new ConfigError(
    `bad value for option ${JSON.stringify(option)}: ${JSON.stringify(value)} is neither true nor false`,
  );
}

const wrong = (field: string, value: string, wanted: string): ConfigError =>
  new ConfigError(`${field} is ${JSON.stringify(value)}; this kubelet knows ${wanted}`);

export function supplyOf(
  config: KubeletConfig,
  policies: NodePolicies,
  machine: MachineFacts,
  topology: MachineTopology,
): Omit<NodeSupply, "devices"> {
  checkTopology(config, policies, topology);
  const { cpus, nodes } = topology;
  return {
    cpus,
    reservedCpus: new Set(policies.cpus === "static" ? reservedCpus(config, policies, cpus) : []),
    nodes:
      policies.memory === "Static"
        ? staticMemory(config, machine, nodes)
        : nodes.map(({ memoryBytes, ...node }) => ({ ...node, allocatable: memoryBytes })),
  };
}

const MOST_NODES = 8;

/** What the policies ask of the machine. */
function checkTopology({ file }: KubeletConfig, policies: NodePolicies, { cpus, nodes }: MachineTopology): void {
  const sockets = new Set(cpus.map(({ socket }) => socket)).size;
  if (policies.cpuOptions.has("align-by-socket") && sockets > nodes.length)
    throw new ConfigError(
      `align-by-socket is not for machines with more sockets than NUMA nodes: this one has ${sockets} and ${nodes.length}`,
    );
  if (policies.topology === "none") return;
  // Every set of nodes is looked at, and these double with each node.
  const { "max-allowable-numa-nodes": most = `${MOST_NODES}` } = file.topologyManagerPolicyOptions;
  if (!/^\d+$/.test(most) || Number(most) < MOST_NODES)
    throw new ConfigError(
      `the minimum value of "max-allowable-numa-nodes" should not be less than ${MOST_NODES}: it is ${JSON.stringify(most)}`,
    );
  if (nodes.length > Number(most))
    throw new ConfigError(
      `unsupported on machines with more than ${most} NUMA Nodes: this one has ${nodes.length}; raise max-allowable-numa-nodes of topologyManagerPolicyOptions`,
    );
  if (policies.closestNodes && nodes.some(({ distances }) => !distances))
    throw new ConfigError("prefer-closest-numa-nodes needs the distances of NUMA nodes, and the kernel tells none");
}

/** Those named, or as many as are reserved. */
function reservedCpus(
  { file, reserved }: KubeletConfig,
  { cpuOptions }: NodePolicies,
  cpus: MachineTopology["cpus"],
): number[] {
  if (file.reservedSystemCPUs) return parseCpuList(file.reservedSystemCPUs);
  const count = Math.ceil((reserved.cpu ? parseQuantity(reserved.cpu).milliValue() : 0) / 1000);
  const taken = chooseCpus(cpus, new Set(cpus.map(({ id }) => id)), count, cpuOptions);
  if (count === 0)
    throw new ConfigError("the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero");
  if (!taken) throw new ConfigError(`${count} CPUs are reserved, but the machine has ${cpus.length}`);
  return taken;
}

function staticMemory(config: KubeletConfig, machine: MachineFacts, nodes: MachineTopology["nodes"]) {
  const kept = reservedMemory(config.file.reservedMemory);
  const total = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
  const wanted = parseQuantity(withheldOf(config, machine).memory ?? "0").value();
  if (total !== wanted)
    throw new ConfigError(
      `reservedMemory reserves ${total} bytes of memory in all; it must be what kubeReserved, systemReserved and evictionHard keep from pods: ${wanted}`,
    );
  return nodes.map(({ memoryBytes, ...node }) => ({ ...node, allocatable: memoryBytes - (kept.get(node.id) ?? 0) }));
}

/** Bytes by NUMA node. */
function reservedMemory(value: JsonValue | undefined): Map<number, number> {
  const kept = new Map<number, number>();
  for (const each of Array.isArray(value) ? value : []) {
    const limits = isObject(each) && isObject(each.limits) ? each.limits : {};
    const node = isObject(each) ? Number(each.numaNode) : Number.NaN;
    if (!Number.isSafeInteger(node) || typeof limits.memory !== "string")
      throw new ConfigError("each of reservedMemory must have a numaNode and limits with an amount of memory");
    kept.set(node, (kept.get(node) ?? 0) + parseQuantity(limits.memory).value());
  }
  return kept;
}
