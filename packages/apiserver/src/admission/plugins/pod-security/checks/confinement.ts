/** What takes away the confinement of a container: profiles of seccomp, AppArmor and SELinux, the mask over /proc, kernel parameters. */
import { type Check, isWindows, named, type PodUnderCheck, plural, quoted, setters, sortedSet } from "../check.ts";

const APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";
const isGoodProfile = (type: string): boolean => type === "RuntimeDefault" || type === "Localhost";

export const appArmorProfile: Check = {
  id: "appArmorProfile",
  level: "baseline",
  since: 0,
  check({ spec, containers, annotations }) {
    const typeOf = (it: { securityContext?: { appArmorProfile?: { type: string } } }) =>
      it.securityContext?.appArmorProfile?.type ?? "";
    const isBad = (type: string) => type !== "" && !isGoodProfile(type);
    const bad = containers.filter((c) => isBad(typeOf(c)));
    const byPod = isBad(typeOf(spec));
    const noted = Object.entries(annotations)
      .filter(
        ([key, value]) =>
          key.startsWith(APP_ARMOR) && value !== "" && value !== "runtime/default" && !value.startsWith("localhost/"),
      )
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .sort();
    const values = sortedSet([...(byPod ? [typeOf(spec)] : []), ...bad.map(typeOf)]);
    const details: string[] = [];
    if (values.length) details.push(`${setters(byPod, bad)} must not set AppArmor profile type to ${quoted(values)}`);
    if (noted.length) details.push(`${plural("annotation", "annotations", noted.length)} ${noted.join(", ")}`);
    const reason = plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.length + noted.length);
    return details.length ? { reason, detail: details.join("; ") } : undefined;
  },
};

const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t"];

export const seLinuxOptions: Check = {
  id: "seLinuxOptions",
  level: "baseline",
  since: 0,
  check({ spec, containers }, minor) {
    const allowed = minor >= 31 ? [...SELINUX_TYPES, "container_engine_t"] : SELINUX_TYPES;
    const optionsOf = (it: {
      securityContext?: { seLinuxOptions?: { type?: string; user?: string; role?: string } };
    }) => it.securityContext?.seLinuxOptions ?? {};
    const isBad = ({ type = "", user, role }: { type?: string; user?: string; role?: string }) =>
      !allowed.includes(type) || Boolean(user) || Boolean(role);
    const bad = containers.filter((c) => isBad(optionsOf(c)));
    const byPod = isBad(optionsOf(spec));
    if (!byPod && bad.length === 0) return undefined;
    const all = [...(byPod ? [optionsOf(spec)] : []), ...bad.map(optionsOf)];
    const types = sortedSet(all.map(({ type = "" }) => type).filter((type) => !allowed.includes(type)));
    const wrong = [
      ...(types.length ? [`${plural("type", "types", types.length)} ${quoted(types)}`] : []),
      ...(all.some(({ user }) => user) ? ["user may not be set"] : []),
      ...(all.some(({ role }) => role) ? ["role may not be set"] : []),
    ];
    return {
      reason: "seLinuxOptions",
      detail: `${setters(byPod, bad)} set forbidden securityContext.seLinuxOptions: ${wrong.join("; ")}`,
    };
  },
};

export const procMount: Check = {
  id: "procMount",
  level: "baseline",
  since: 0,
  check({ containers }) {
    const bad = containers.filter((c) => (c.securityContext?.procMount ?? "Default") !== "Default");
    if (bad.length === 0) return undefined;
    const values = sortedSet(bad.map((c) => c.securityContext?.procMount ?? ""));
    return { reason: "procMount", detail: `${named(bad)} must not set securityContext.procMount to ${quoted(values)}` };
  },
};

export const seccompProfile: Check = {
  id: "seccompProfile_baseline",
  level: "baseline",
  since: 19,
  check: explicitSeccomp,
};

export const restrictedSeccompProfile: Check = {
  id: "seccompProfile_restricted",
  level: "restricted",
  since: 19,
  overrides: "seccompProfile_baseline",
  check(pod, minor) {
    if (isWindows(pod, minor)) return undefined;
    const explicit = explicitSeccomp(pod);
    if (explicit || seccompOf(pod.spec)) return explicit;
    const silent = pod.containers.filter((c) => !seccompOf(c));
    if (silent.length === 0) return undefined;
    return {
      reason: "seccompProfile",
      detail: `pod or ${named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
    };
  },
};

const seccompOf = (it: { securityContext?: { seccompProfile?: { type: string } } }) =>
  it.securityContext?.seccompProfile?.type ?? "";

function explicitSeccomp({ spec, containers }: PodUnderCheck) {
  const isBad = (type: string) => type !== "" && !isGoodProfile(type);
  const bad = containers.filter((c) => isBad(seccompOf(c)));
  const byPod = isBad(seccompOf(spec));
  if (!byPod && bad.length === 0) return undefined;
  const values = sortedSet([...(byPod ? [seccompOf(spec)] : []), ...bad.map(seccompOf)]);
  return {
    reason: "seccompProfile",
    detail: `${setters(byPod, bad)} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
}

/** Kernel parameters that stand in the pod's own namespace and harm nobody else, with the release that let them in. */
const SYSCTLS: Readonly<Record<string, number>> = {
  "kernel.shm_rmid_forced": 0,
  "net.ipv4.ip_local_port_range": 0,
  "net.ipv4.ip_unprivileged_port_start": 0,
  "net.ipv4.tcp_syncookies": 0,
  "net.ipv4.ping_group_range": 0,
  "net.ipv4.ip_local_reserved_ports": 27,
  "net.ipv4.tcp_keepalive_time": 29,
  "net.ipv4.tcp_fin_timeout": 29,
  "net.ipv4.tcp_keepalive_intvl": 29,
  "net.ipv4.tcp_keepalive_probes": 29,
  "net.ipv4.tcp_rmem": 32,
  "net.ipv4.tcp_wmem": 32,
};

export const sysctls: Check = {
  id: "sysctls",
  level: "baseline",
  since: 0,
  check({ spec }, minor) {
    const bad = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => SYSCTLS[name] === undefined || minor < SYSCTLS[name]);
    return bad.length ? { reason: "forbidden sysctls", detail: bad.join(", ") } : undefined;
  },
};
