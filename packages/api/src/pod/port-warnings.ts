/** Ports that are defined twice, in one container or in two of the pod. */
import { joined } from "@kubets/machinery/joined";
import type { ContainerPort, PodSpec } from "../generated/types/core-v1.ts";

interface Placed {
  readonly port: ContainerPort;
  readonly path: string;
}

export function duplicatePorts(spec: PodSpec, at: string): string[] {
  const seen: Placed[] = [];
  const found: string[] = [];
  spec.containers?.forEach((container, index) => {
    const field = `${at}.containers[${index}].`;
    container.ports?.forEach((port, i) => {
      const path = `${field}ports[${i}]`;
      const same = seen.filter((other) => clashes(other.port, port));
      const own = same.filter((other) => other.path.startsWith(field)).slice(0, 1);
      const others = same.filter((other) => !other.path.startsWith(field));
      for (const other of joined(own, others)) found.push(`${path}: duplicate port definition with ${other.path}`);
      seen.push({ port, path });
    });
  });
  return found;
}

const clashes = (a: ContainerPort, b: ContainerPort): boolean =>
  a.containerPort === b.containerPort &&
  a.protocol === b.protocol &&
  (a.hostPort ?? 0) === (b.hostPort ?? 0) &&
  (a.hostIP ?? "") === (b.hostIP ?? "");
