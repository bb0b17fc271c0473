/** Who a container runs as and what it may do: its own settings over those of its pod. */
import type {
  Container,
  EphemeralContainer,
  Pod,
  SeccompProfile,
  SecurityContext,
} from "@kubets/api/generated/types/core-v1";
import {
  type LinuxContainerSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  SecurityProfileProfileType,
} from "@kubets/wire/generated/cri";
import type { Init } from "@kubets/wire/proto";
import type { RuntimeImage } from "../runtime/runtime.ts";
import type { IdMapping } from "../userns/user-namespaces.ts";
import { ContainerConfigError } from "./config-error.ts";

const MASKED_PATHS = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export interface SecurityFacts {
  /** Where profiles of the type Localhost lie. */
  readonly seccompFolder: string;
  /** `seccompDefault`: RuntimeDefault instead of Unconfined. */
  readonly seccompDefault: boolean;
  /** The container whose processes an ephemeral container sees. */
  readonly targetId?: string;
  /** In a user namespace of its own. */
  readonly users?: readonly IdMapping[];
}

export function containerSecurity(
  pod: Pod,
  container: Container | EphemeralContainer,
  image: RuntimeImage | undefined,
  facts: SecurityFacts,
): Init<LinuxContainerSecurityContext> {
  const own: SecurityContext = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  const privileged = own.privileged ?? false;
  checkNonRoot(pod, container.name, own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false, runAsUser, image);

  const user = runAsUser ?? image?.uid;
  const unmasked = own.procMount === "Unmasked" || privileged;
  const { add = [], drop = [] } = own.capabilities ?? {};
  const profile = own.seccompProfile ?? ofPod.seccompProfile;
  const apparmor = own.appArmorProfile ?? ofPod.appArmorProfile;
  const selinux = own.seLinuxOptions ?? ofPod.seLinuxOptions;
  return {
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    noNewPrivs: own.allowPrivilegeEscalation === false,
    namespaceOptions: {
      ...namespaceOptions(pod, facts.users),
      ...(facts.targetId !== undefined && { pid: NamespaceMode.TARGET, targetId: facts.targetId }),
    },
    supplementalGroups: podGroups(pod),
    ...(user !== undefined && { runAsUser: { value: user } }),
    ...(user === undefined && image?.username && { runAsUsername: image.username }),
    ...(runAsGroup !== undefined && { runAsGroup: { value: runAsGroup } }),
    ...((add.length > 0 || drop.length > 0) && { capabilities: { addCapabilities: add, dropCapabilities: drop } }),
    ...(selinux && { selinuxOptions: selinux }),
    maskedPaths: unmasked ? [] : MASKED_PATHS,
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: seccompOf(profile, privileged, facts),
    ...(apparmor && { apparmor: apparmorOf(apparmor) }),
  };
}

export function namespaceOptions({ spec }: Pod, users?: readonly IdMapping[]): Init<NamespaceOption> {
  return {
    ...(users && { usernsOptions: { mode: NamespaceMode.POD, uids: users, gids: users } }),
    network: spec.hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: spec.hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: spec.hostPID ? NamespaceMode.NODE : spec.shareProcessNamespace ? NamespaceMode.POD : NamespaceMode.CONTAINER,
  };
}

/** The groups that every process of the pod is in. */
export function podGroups({ spec }: Pod): number[] {
  const { supplementalGroups = [], fsGroup } = spec.securityContext ?? {};
  return fsGroup === undefined ? [...supplementalGroups] : [...supplementalGroups, fsGroup];
}

export function seccompOf(
  profile: SeccompProfile | undefined,
  privileged: boolean,
  { seccompDefault, seccompFolder }: Pick<SecurityFacts, "seccompDefault" | "seccompFolder">,
): { profileType: number; localhostRef?: string } {
  const type = privileged ? "Unconfined" : (profile?.type ?? (seccompDefault ? "RuntimeDefault" : "Unconfined"));
  if (type === "RuntimeDefault") return { profileType: SecurityProfileProfileType.RuntimeDefault };
  if (type !== "Localhost") return { profileType: SecurityProfileProfileType.Unconfined };
  return {
    profileType: SecurityProfileProfileType.Localhost,
    localhostRef: `${seccompFolder}/${profile?.localhostProfile ?? ""}`,
  };
}

function apparmorOf({ type, localhostProfile }: { type: string; localhostProfile?: string }) {
  if (type === "RuntimeDefault") return { profileType: SecurityProfileProfileType.RuntimeDefault };
  if (type !== "Localhost") return { profileType: SecurityProfileProfileType.Unconfined };
  return { profileType: SecurityProfileProfileType.Localhost, localhostRef: localhostProfile ?? "" };
}

function checkNonRoot(
  pod: Pod,
  container: string,
  wanted: boolean,
  runAsUser: number | undefined,
  image: RuntimeImage | undefined,
): void {
  if (!wanted) return;
  const { name, namespace, uid } = pod.metadata;
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container})`;
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image?.uid === undefined && image?.username)
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  if (!image?.uid) throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}
