/** Endpoints: the addresses behind a service, all in one object. EndpointSlices took their place. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { ipErrors, joinHostPort, parseIpSloppy } from "@kubets/machinery/ip";
import { dns1123Label, dns1123Subdomain, labelKey } from "@kubets/machinery/names";
import { define } from "../define.ts";
import { endpoints } from "../generated/refs.ts";
import type { EndpointAddress, EndpointPort, Endpoints } from "../generated/types/core-v1.ts";
import { nameErrors, oneOf, portErrors } from "../pod/field-checks.ts";
import { age, column, nameColumn } from "../table.ts";

const SHOWN = 3;

export const endpointsResource = define(endpoints, {
  singular: "endpoints",
  shortNames: ["ep"],
  storagePrefix: "/registry/services/endpoints",
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  defaults: ({ subsets }) => {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= "TCP";
  },
  validate: subsetErrors,
  validateUpdate: subsetErrors,
  table: {
    columns: [nameColumn, column("Endpoints"), column("Age")],
    cells: (object, now) => [object.metadata.name, addressList(object), age(object.metadata.creationTimestamp, now)],
  },
});

function subsetErrors({ subsets }: Endpoints): FieldError[] {
  return (subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const at = `subsets[${i}]`;
    const errors =
      addresses.length || notReadyAddresses.length
        ? []
        : [required(at, "must specify `addresses` or `notReadyAddresses`")];
    for (const [j, address] of addresses.entries()) errors.push(...addressErrors(address, `${at}.addresses[${j}]`));
    for (const [j, address] of notReadyAddresses.entries())
      errors.push(...addressErrors(address, `${at}.notReadyAddresses[${j}]`));
    for (const [j, port] of ports.entries())
      errors.push(...endpointPortErrors(port, ports.length > 1, `${at}.ports[${j}]`));
    return errors;
  });
}

function addressErrors({ ip, hostname, nodeName }: EndpointAddress, at: string): FieldError[] {
  const errors = nameErrors(`${at}.ip`, ip, ipErrors);
  if (hostname) errors.push(...nameErrors(`${at}.hostname`, hostname, dns1123Label));
  if (nodeName !== undefined) errors.push(...nameErrors(`${at}.nodeName`, nodeName, dns1123Subdomain));
  return [...errors, ...nonSpecialIp(ip, `${at}.ip`)];
}

/** An address that traffic can be sent to from elsewhere. */
export function nonSpecialIp(text: string, field: string): FieldError[] {
  const ip = parseIpSloppy(text);
  if (!ip) return [invalidValue(field, text, "must be a valid IP address")];
  const says = (detail: string) => invalidValue(field, text, detail);
  if (ip.isUnspecified()) return [says(`may not be unspecified (${text})`)];
  if (ip.isLoopback()) return [says("may not be in the loopback range (127.0.0.0/8, ::1/128)")];
  if (ip.isLinkLocalUnicast()) return [says("may not be in the link-local range (169.254.0.0/16, fe80::/10)")];
  if (ip.isLinkLocalMulticast())
    return [says("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")];
  return [];
}

function endpointPortErrors(
  { name, port, protocol, appProtocol }: EndpointPort,
  named: boolean,
  at: string,
): FieldError[] {
  const errors = named && !name ? [required(`${at}.name`)] : name ? nameErrors(`${at}.name`, name, dns1123Label) : [];
  errors.push(...portErrors(`${at}.port`, port));
  errors.push(...oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]));
  return appProtocol === undefined ? errors : [...errors, ...nameErrors(`${at}.appProtocol`, appProtocol, labelKey)];
}

function addressList({ subsets }: Endpoints): string {
  const all = (subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => joinHostPort(ip, port))),
  );
  if (all.length === 0) return "<none>";
  const shown = all.slice(0, SHOWN).join(",");
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown;
}
