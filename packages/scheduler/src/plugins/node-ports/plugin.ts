/** Two pods cannot have the same port of a node. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { HostPort } from "@kubets/api/pod/host-ports";
import { stateKey } from "../../framework/cycle-state.ts";
import { portKey } from "../../framework/node-info.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { podInfo } from "../../framework/pod-info.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";

const NAME = "NodePorts";
const TAKEN = { plugin: NAME, reasons: ["node(s) didn't have free ports for the requested pod ports"] };
const PORTS = stateKey<readonly HostPort[]>(NAME);

export const nodePorts: Plugin = {
  name: NAME,
  hints: [
    { events: ["node/add", "pod/self"] },
    { events: ["pod/bound-delete"], hint: (_, old) => (podInfo(old as Pod).ports.length ? "queue" : "skip") },
  ],
  dependsOn: ({ ports }) => ports,
  preFilter(pod, _, state) {
    const { ports } = podInfo(pod);
    if (ports.length === 0) return { skip: true };
    state.set(PORTS, ports);
    return undefined;
  },
  filter: (_, node, state) => (portsFree(state.get(PORTS) ?? [], node.usedPorts) ? undefined : TAKEN),
};

export function portsFree(ports: readonly HostPort[], used: NodeInfo["usedPorts"]): boolean {
  for (const { protocol, port, ip } of ports) {
    const addresses = used.get(portKey(protocol, port));
    if (addresses && (ip === EVERY_ADDRESS || addresses.has(ip) || addresses.has(EVERY_ADDRESS))) return false;
  }
  return true;
}

const EVERY_ADDRESS = "0.0.0.0";
