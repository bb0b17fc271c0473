/** The sandbox of a pod as the runtime is asked for it. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { Protocol } from "@kubets/wire/generated/cri";
import { type KubeletPaths, podLogFolder } from "../paths.ts";
import { POD_NAME, POD_NAMESPACE, POD_UID } from "../runtime/names.ts";
import type { SandboxConfig } from "../runtime/runtime.ts";
import type { DnsConfig } from "./dns.ts";
import { namespaceOptions, podGroups, type SecurityFacts, seccompOf } from "./security-context.ts";

interface SandboxFacts {
  readonly paths: KubeletPaths;
  readonly hostname: string;
  readonly dns: DnsConfig;
  readonly cgroupParent: string;
  readonly security: Pick<SecurityFacts, "seccompDefault" | "seccompFolder" | "users">;
}

const PROTOCOLS: Readonly<Record<string, number>> = Protocol;

export function sandboxConfig(pod: Pod, attempt: number, facts: SandboxFacts): SandboxConfig {
  const { name, namespace, uid } = pod.metadata;
  const context = pod.spec.securityContext ?? {};
  const privileged = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    (container) => container.securityContext?.privileged,
  );
  return {
    metadata: { name, namespace, uid, attempt },
    // In the network of the node the name is the node's.
    hostname: pod.spec.hostNetwork ? "" : facts.hostname,
    logDirectory: podLogFolder(facts.paths, pod),
    dnsConfig: facts.dns,
    portMappings: portMappings(pod),
    labels: { ...pod.metadata.labels, [POD_NAME]: name, [POD_NAMESPACE]: namespace, [POD_UID]: uid },
    annotations: { ...pod.metadata.annotations },
    linux: {
      cgroupParent: facts.cgroupParent,
      sysctls: Object.fromEntries((context.sysctls ?? []).map(({ name, value }) => [name, value])),
      securityContext: {
        namespaceOptions: namespaceOptions(pod, facts.security.users),
        privileged,
        supplementalGroups: podGroups(pod),
        seccomp: seccompOf({ type: "RuntimeDefault" }, false, facts.security),
        ...(context.runAsUser !== undefined && { runAsUser: { value: context.runAsUser } }),
        ...(context.runAsUser !== undefined &&
          context.runAsGroup !== undefined && { runAsGroup: { value: context.runAsGroup } }),
        ...(context.seLinuxOptions && { selinuxOptions: context.seLinuxOptions }),
      },
    },
  };
}

/** Ports that the network gives to the node; in the node's own network there is nothing to map. */
function portMappings({ spec }: Pod) {
  if (spec.hostNetwork) return [];
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ protocol = "TCP", containerPort, hostPort = 0, hostIP = "" }) => {
      if (!hostPort) return [];
      return [{ protocol: PROTOCOLS[protocol] ?? Protocol.TCP, containerPort, hostPort, hostIp: hostIP }];
    }),
  );
}
