/** What gives a pod a part of the host itself: its namespaces, ports, files, and probes sent elsewhere. */
import type { Container, LifecycleHandler, Probe } from "@kubets/api/generated/types/core-v1";
import { type Check, named, plural, quoted, setters, sortedSet } from "../check.ts";

export const hostNamespaces: Check = {
  id: "hostNamespaces",
  level: "baseline",
  since: 0,
  check({ spec }) {
    const used = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((name) => spec[name]);
    return used.length
      ? { reason: "host namespaces", detail: used.map((name) => `${name}=true`).join(", ") }
      : undefined;
  },
};

export const hostPathVolumes: Check = {
  id: "hostPathVolumes",
  level: "baseline",
  since: 0,
  check({ spec }) {
    const found = (spec.volumes ?? []).filter((volume) => volume.hostPath).map(({ name }) => name);
    return found.length
      ? { reason: "hostPath volumes", detail: `${plural("volume", "volumes", found.length)} ${quoted(found)}` }
      : undefined;
  },
};

export const hostPorts: Check = {
  id: "hostPorts",
  level: "baseline",
  since: 0,
  check({ containers }) {
    const found = containers.filter((c) => c.ports?.some((port) => port.hostPort));
    if (found.length === 0) return undefined;
    const ports = sortedSet(
      found.flatMap((c) => c.ports ?? []).flatMap((p) => (p.hostPort ? [String(p.hostPort)] : [])),
    );
    const uses = plural("uses", "use", found.length);
    return {
      reason: "hostPort",
      detail: `${named(found)} ${uses} ${plural("hostPort", "hostPorts", ports.length)} ${ports.join(", ")}`,
    };
  },
};

export const hostProbes: Check = {
  id: "hostProbesAndHostLifecycle",
  level: "baseline",
  since: 34,
  check({ containers }) {
    const found = containers.filter((c) => hostsOf(c).length);
    if (found.length === 0) return undefined;
    const hosts = sortedSet(found.flatMap(hostsOf));
    const uses = plural("uses", "use", found.length);
    return {
      reason: "probe or lifecycle host",
      detail: `${named(found)} ${uses} probe or lifecycle ${plural("host", "hosts", hosts.length)} ${quoted(hosts)}`,
    };
  },
};

type Probed = Pick<Container, "livenessProbe" | "readinessProbe" | "startupProbe" | "lifecycle">;

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Probed): string[] {
  const handlers: (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers
    .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
    .filter((host) => host !== undefined && host !== "") as string[];
}

export const windowsHostProcess: Check = {
  id: "windowsHostProcess",
  level: "baseline",
  since: 0,
  check({ spec, containers }) {
    const bad = containers.filter((c) => c.securityContext?.windowsOptions?.hostProcess);
    const byPod = spec.securityContext?.windowsOptions?.hostProcess === true;
    if (!byPod && bad.length === 0) return undefined;
    return {
      reason: "hostProcess",
      detail: `${setters(byPod, bad)} must not set securityContext.windowsOptions.hostProcess=true`,
    };
  },
};
