/** Ports of containers, and the host's ports that two of them would share. */
import { duplicate, type FieldError, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { portName } from "@kubets/machinery/names";
import type { Container, ContainerPort, PodSpec } from "../generated/types/core-v1.ts";
import { nameErrors, oneOf, portErrors } from "./field-checks.ts";

export function validatePorts(ports: readonly ContainerPort[] | undefined, field: string): FieldError[] {
  const names = new Set<string>();
  return (ports ?? []).flatMap(({ name, containerPort, hostPort, protocol }, i) => {
    const at = `${field}[${i}]`;
    const errors = name ? nameErrors(`${at}.name`, name, portName) : [];
    if (name && errors.length === 0) {
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else errors.push(...portErrors(`${at}.containerPort`, containerPort));
    if (hostPort) errors.push(...portErrors(`${at}.hostPort`, hostPort));
    return joined(errors, oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]));
  });
}

/** `field` is the path of the list; the paths of errors count within the containers that are given. */
export function hostPortClashes(containers: readonly Container[], field: string): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports }, i) =>
    (ports ?? []).flatMap(({ hostPort, hostIP = "", protocol }, j) => {
      if (!hostPort) return [];
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) return [duplicate(`${field}[${i}].ports[${j}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

/** On the host's network a port is the host's; a template may leave that to the pods made of it. */
export function validateHostPorts(spec: PodSpec, field: string, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return [];
  return (spec.containers ?? []).flatMap(({ ports }, i) =>
    (ports ?? []).flatMap(({ hostPort = 0, containerPort }, j) => {
      if (hostPort === containerPort || (hostPort === 0 && !isPod)) return [];
      const detail = "must match `containerPort` when `hostNetwork` is true";
      return [invalidValue(`${field}[${i}].ports[${j}].hostPort`, hostPort, detail)];
    }),
  );
}
