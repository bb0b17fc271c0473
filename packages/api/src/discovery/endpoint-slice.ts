/** EndpointSlices: some of the addresses behind a service, of one family, with the ports that they serve. */
import {
  dns1123Label,
  duplicate,
  type FieldError,
  notSupported,
  qualifiedName,
  required,
  tooMany,
} from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, checkImmutable, sameValue } from "../field-checks.ts";
import { endpointslices } from "../generated/refs.ts";
import type { EndpointPort, EndpointSlice } from "../generated/types/discovery-v1.ts";
import type { Draft } from "../meta.ts";
import { age, column, nameColumn } from "../table.ts";
import { endpointsErrors } from "./endpoint.ts";

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const MAX_PORTS = 20000;
/** What a list in a table shows before it says "more". */
const SHOWN = 3;

export const endpointSliceResource = define(endpointslices, {
  defaults,
  // A slice belongs to its service by a label.
  countsGeneration: "labels",
  prepareForCreate: (slice) => dropTopology(slice, undefined),
  prepareForUpdate: dropTopology,
  validate: (slice) => validate(slice, undefined),
  validateUpdate: (slice, old) => [
    ...validate(slice, old),
    ...checkImmutable("addressType", slice.addressType, old.addressType),
  ],
  table: {
    columns: [nameColumn, column("AddressType"), column("Ports"), column("Endpoints"), column("Age")],
    cells: ({ metadata, addressType, ports, endpoints }, now) => [
      metadata.name,
      addressType,
      shownList((ports ?? []).map(({ port, name }) => String(port ?? name ?? "*"))),
      shownList((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function defaults(slice: Draft<EndpointSlice>): void {
  for (const port of slice.ports ?? []) {
    port.name ??= "";
    port.protocol ??= "TCP";
  }
}

/** Topology of old releases is kept where it stands and not taken anew. */
function dropTopology(slice: Draft<EndpointSlice>, old: EndpointSlice | undefined): void {
  if (old && sameValue(slice.endpoints, old.endpoints)) return;
  for (const endpoint of slice.endpoints ?? []) delete endpoint.deprecatedTopology;
}

function validate({ addressType, endpoints, ports }: EndpointSlice, old: EndpointSlice | undefined): FieldError[] {
  const known = new Set((old?.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []));
  return [
    ...addressTypeErrors(addressType),
    ...endpointsErrors(endpoints ?? [], addressType, known),
    ...portsErrors(ports ?? []),
  ];
}

function addressTypeErrors(type: string): FieldError[] {
  if (!type) return [required("addressType")];
  return ADDRESS_TYPES.includes(type) ? [] : [notSupported("addressType", type, ADDRESS_TYPES)];
}

function portsErrors(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany("ports", ports.length, MAX_PORTS)];
  const names = new Set<string>();
  return ports.flatMap(({ name = "", protocol, appProtocol }, i) => {
    const field = `ports[${i}]`;
    const errors = name === "" ? [] : checkForm(`${field}.name`, name, dns1123Label);
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    if (protocol == null) errors.push(required(`${field}.protocol`));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS));
    if (appProtocol != null) errors.push(...checkForm(`${field}.appProtocol`, appProtocol, qualifiedName));
    return errors;
  });
}

function shownList(texts: readonly string[]): string {
  if (!texts.length) return "<unset>";
  const more = texts.length > SHOWN ? ` + ${texts.length - SHOWN} more...` : "";
  return texts.slice(0, SHOWN).join(",") + more;
}
