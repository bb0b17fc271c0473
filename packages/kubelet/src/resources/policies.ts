/** How a node shares out CPUs, memory and devices, as its configuration says; what cannot work is refused before anything starts. */
import { ConfigError } from "@kubets/machinery/config-file";
import { isObject, type JsonValue } from "@kubets/machinery/json-value";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { KubeletConfig } from "../config.ts";
import type { MachineFacts } from "../node/machine.ts";
import { withheldOf } from "../node/node-object.ts";
import { parseCpuList, takeCpus } from "./cpus.ts";
import type { MachineTopology } from "./machine-topology.ts";
import type { TopologyPolicy } from "./numa.ts";
import type { NodePolicies, NodeSupply } from "./plan.ts";

const TOPOLOGY: readonly string[] = ["none", "best-effort", "restricted", "single-numa-node"];

export function policiesOf({ file }: Pick<KubeletConfig, "file">): NodePolicies {
  const { cpuManagerPolicy: cpus, memoryManagerPolicy: memory, topologyManagerPolicy: topology } = file;
  if (cpus !== "none" && cpus !== "static") throw wrong("cpuManagerPolicy", cpus, "none or static");
  if (memory !== "None" && memory !== "Static") throw wrong("memoryManagerPolicy", memory, "None or Static");
  if (!TOPOLOGY.includes(topology)) throw wrong("topologyManagerPolicy", topology, TOPOLOGY.join(", "));
  const scope = file.topologyManagerScope;
  if (scope !== "container" && scope !== "pod") throw wrong("topologyManagerScope", scope, "container or pod");
  const { "full-pcpus-only": fullCores = "false", ...others } = file.cpuManagerPolicyOptions;
  const [other] = Object.keys(others);
  if (other) throw wrong("cpuManagerPolicyOptions", other, "full-pcpus-only");
  return { cpus, memory, topology: topology as TopologyPolicy, scope, fullCores: fullCores === "true" };
}

const wrong = (field: string, value: string, wanted: string): ConfigError =>
  new ConfigError(`${field} is ${JSON.stringify(value)}; this kubelet knows ${wanted}`);

export function supplyOf(
  config: KubeletConfig,
  policies: NodePolicies,
  machine: MachineFacts,
  { cpus, nodes }: MachineTopology,
): Omit<NodeSupply, "devices"> {
  return {
    cpus,
    reservedCpus: new Set(policies.cpus === "static" ? reservedCpus(config, cpus) : []),
    nodes:
      policies.memory === "Static"
        ? staticMemory(config, machine, nodes)
        : nodes.map(({ id, memoryBytes }) => ({ id, allocatable: memoryBytes })),
  };
}

/** Those named, or as many as are reserved. */
function reservedCpus({ file, reserved }: KubeletConfig, cpus: MachineTopology["cpus"]): number[] {
  if (file.reservedSystemCPUs) return parseCpuList(file.reservedSystemCPUs);
  const count = Math.ceil((reserved.cpu ? parseQuantity(reserved.cpu).milliValue() : 0) / 1000);
  const taken = takeCpus(cpus, new Set(cpus.map(({ id }) => id)), count);
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
  return nodes.map(({ id, memoryBytes }) => ({ id, allocatable: memoryBytes - (kept.get(id) ?? 0) }));
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
