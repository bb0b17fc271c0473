/** The ports that a pod takes on its node. Two pods are in each other's way when protocol, port and an address are the same. */
import { joined } from "@kubets/machinery/joined";
import type { PodSpec } from "../generated/types/core-v1.ts";
import { isSidecar } from "./containers.ts";

export interface HostPort {
  readonly protocol: string;
  readonly port: number;
  /** "0.0.0.0" is every address. */
  readonly ip: string;
}

/** Of regular containers and sidecars: the other init containers are gone when the pod runs. */
export const hostPorts = (spec: PodSpec): readonly HostPort[] =>
  joined(spec.containers, (spec.initContainers ?? []).filter(isSidecar)).flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ hostPort, protocol, hostIP }) =>
      hostPort ? [{ protocol: protocol || "TCP", port: hostPort, ip: hostIP || "0.0.0.0" }] : [],
    ),
  );

export const hostPortsConflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0");
