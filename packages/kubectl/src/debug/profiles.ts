/**
 * What a debugging container is given by each profile, and what of the host a node's pod sees. Pure.
 * Holds: the legacy profile copies a pod as it is but for its labels; the others take only what the flags keep.
 */
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

const PROFILES = ["legacy", "general", "baseline", "netadmin", "restricted", "sysadmin"] as const;
export type Profile = (typeof PROFILES)[number];
export type Target = "ephemeral" | "copy" | "node";

export function profileOf(written: string): Profile {
  const found = PROFILES.find((profile) => profile === written);
  if (!found) throw new UsageError(`unknown profile: ${written}`);
  return found;
}

const RESTRICTED: JsonObject = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

function securityContextOf(profile: Profile, target: Target): JsonObject | undefined {
  if (profile === "general" && target !== "node") return { capabilities: { add: ["SYS_PTRACE"] } };
  if (profile === "netadmin") return { capabilities: { add: ["NET_ADMIN", "NET_RAW"] } };
  if (profile === "restricted") return RESTRICTED;
  return profile === "sysadmin" ? { privileged: true } : undefined;
}

export function profiled(container: JsonObject, profile: Profile, target: Target): JsonObject {
  const securityContext = securityContextOf(profile, target);
  return securityContext ? { ...container, securityContext } : container;
}

const SEES_HOST: readonly Profile[] = ["legacy", "general", "netadmin", "sysadmin"];
const SEES_FILES: readonly Profile[] = ["legacy", "general", "sysadmin"];

/** The pod that debugs a node. */
export function nodePod(node: string, name: string, container: JsonObject, profile: Profile): JsonObject {
  const mount = SEES_FILES.includes(profile) && { volumeMounts: [{ mountPath: "/host", name: "host-root" }] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { labels: { "app.kubernetes.io/managed-by": "kubectl-debug" }, name },
    spec: {
      containers: [{ ...profiled(container, profile, "node"), ...mount }],
      ...(SEES_HOST.includes(profile) && { hostIPC: true, hostNetwork: true, hostPID: true }),
      nodeName: node,
      restartPolicy: "Never",
      tolerations: [{ operator: "Exists" }],
      ...(mount && { volumes: [{ hostPath: { path: "/" }, name: "host-root" }] }),
    },
  };
}
