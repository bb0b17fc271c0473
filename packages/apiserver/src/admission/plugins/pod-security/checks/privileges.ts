/** What makes a process more than an ordinary one: privileged mode, capabilities, root, ways to become root. */
import {
  type Check,
  isInUserNamespace,
  isWindows,
  named,
  type PodUnderCheck,
  plural,
  quoted,
  setters,
  sortedSet,
  type Violation,
} from "../check.ts";

export const privileged: Check = {
  id: "privileged",
  level: "baseline",
  since: 0,
  check({ containers }) {
    const bad = containers.filter((c) => c.securityContext?.privileged);
    return bad.length
      ? { reason: "privileged", detail: `${named(bad)} must not set securityContext.privileged=true` }
      : undefined;
  },
};

/** What container runtimes give by default. */
const DEFAULTS = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

export const defaultCapabilities: Check = {
  id: "capabilities_baseline",
  level: "baseline",
  since: 0,
  check(pod) {
    const detail = addedBeyond(pod, DEFAULTS);
    return detail ? { reason: "non-default capabilities", detail } : undefined;
  },
};

export const restrictedCapabilities: Check = {
  id: "capabilities_restricted",
  level: "restricted",
  since: 22,
  overrides: "capabilities_baseline",
  check(pod, minor) {
    if (isWindows(pod, minor)) return undefined;
    const keeping = pod.containers.filter((c) => !c.securityContext?.capabilities?.drop?.includes("ALL"));
    const added = addedBeyond(pod, ["NET_BIND_SERVICE"]);
    const details = [
      ...(keeping.length ? [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
      ...(added ? [added] : []),
    ];
    return details.length ? { reason: "unrestricted capabilities", detail: details.join("; ") } : undefined;
  },
};

function addedBeyond({ containers }: PodUnderCheck, allowed: readonly string[]): string | undefined {
  const tooMuch = (c: (typeof containers)[number]) =>
    (c.securityContext?.capabilities?.add ?? []).filter((it) => !allowed.includes(it));
  const bad = containers.filter((c) => tooMuch(c).length);
  if (bad.length === 0) return undefined;
  return `${named(bad)} must not include ${quoted(sortedSet(bad.flatMap(tooMuch)))} in securityContext.capabilities.add`;
}

export const allowPrivilegeEscalation: Check = {
  id: "allowPrivilegeEscalation",
  level: "restricted",
  since: 8,
  check(pod, minor) {
    if (isWindows(pod, minor)) return undefined;
    const bad = pod.containers.filter((c) => c.securityContext?.allowPrivilegeEscalation !== false);
    if (bad.length === 0) return undefined;
    return {
      reason: "allowPrivilegeEscalation != false",
      detail: `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`,
    };
  },
};

export const runAsNonRoot: Check = {
  id: "runAsNonRoot",
  level: "restricted",
  since: 0,
  check(pod, minor): Violation | undefined {
    if (isInUserNamespace(pod, minor)) return undefined;
    const { spec, containers } = pod;
    const reason = "runAsNonRoot != true";
    const ofPod = spec.securityContext?.runAsNonRoot;
    const refusing = containers.filter((c) => c.securityContext?.runAsNonRoot === false);
    if (ofPod === false || refusing.length)
      return {
        reason,
        detail: `${setters(ofPod === false, refusing)} must not set securityContext.runAsNonRoot=false`,
      };
    const silent = ofPod ? [] : containers.filter((c) => c.securityContext?.runAsNonRoot === undefined);
    return silent.length
      ? { reason, detail: `pod or ${named(silent)} must set securityContext.runAsNonRoot=true` }
      : undefined;
  },
};

export const runAsUser: Check = {
  id: "runAsUser",
  level: "restricted",
  since: 23,
  check(pod, minor) {
    if (isInUserNamespace(pod, minor)) return undefined;
    const { spec, containers } = pod;
    const bad = containers.filter((c) => c.securityContext?.runAsUser === 0);
    const byPod = spec.securityContext?.runAsUser === 0;
    return byPod || bad.length
      ? { reason: "runAsUser=0", detail: `${setters(byPod, bad)} must not set runAsUser=0` }
      : undefined;
  },
};

const RESTRICTED_TYPES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

export const restrictedVolumes: Check = {
  id: "restrictedVolumes",
  level: "restricted",
  since: 0,
  overrides: "hostPathVolumes",
  check({ spec }) {
    const typeOf = (volume: object) => Object.keys(volume).find((key) => key !== "name") ?? "emptyDir";
    const bad = (spec.volumes ?? []).filter((volume) => !RESTRICTED_TYPES.includes(typeOf(volume)));
    if (bad.length === 0) return undefined;
    const types = sortedSet(bad.map(typeOf));
    const who = `${plural("volume", "volumes", bad.length)} ${quoted(bad.map(({ name }) => name))}`;
    const uses = plural("uses", "use", bad.length);
    const what = plural("restricted volume type", "restricted volume types", types.length);
    return { reason: "restricted volume types", detail: `${who} ${uses} ${what} ${quoted(types)}` };
  },
};
