/** A pod that needs something which not every kubelet can do goes to a node that declares it. */
import type { Pod, PodSpec } from "@kubets/api/generated/types/core-v1";
import { stateKey } from "../../framework/cycle-state.ts";
import type { Plugin } from "../../framework/plugin.ts";

const NAME = "NodeDeclaredFeatures";
const NEEDED = stateKey<readonly string[]>(NAME);

/** What a pod that asks so needs. */
const FEATURES: Readonly<Record<string, (spec: PodSpec) => boolean>> = {
  RestartAllContainersOnContainerExits: ({ containers, initContainers = [] }) =>
    [...containers, ...initContainers].some(({ restartPolicyRules = [] }) =>
      restartPolicyRules.some(({ action }) => action === "RestartAllContainers"),
    ),
  UserNamespacesHostNetworkSupport: ({ hostNetwork = false, hostUsers = true }) => hostNetwork && !hostUsers,
};

export const nodeDeclaredFeatures: Plugin = {
  name: NAME,
  hints: [{ events: ["node/add", "node/features", "pod/self"] }],
  dependsOn: ({ pod }) => neededBy(pod),
  preFilter(pod, _, state) {
    const needed = neededBy(pod);
    if (needed.length === 0) return { skip: true };
    state.set(NEEDED, needed);
    return undefined;
  },
  filter(_, { node }, state) {
    const lacking = (state.get(NEEDED) ?? []).filter((name) => !node.status.declaredFeatures?.includes(name));
    if (lacking.length === 0) return undefined;
    const reason = `node declared features check failed - unsatisfied requirements: ${lacking.join(", ")}`;
    return { plugin: NAME, reasons: [reason], lasting: true };
  },
};

const neededBy = ({ spec }: Pod): string[] => Object.keys(FEATURES).filter((name) => FEATURES[name]?.(spec));
