/** NetworkPolicies: who may talk to some pods, and to whom they may talk. */
import {
  cidrErrors,
  type FieldError,
  forbiddenField,
  formatLabelSelector,
  invalidValue,
  parseCidr,
  portName,
  portNumber,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, checkOneOf } from "../field-checks.ts";
import { networkpolicies } from "../generated/refs.ts";
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../generated/types/networking-v1.ts";
import type { Draft } from "../meta.ts";
import { age, column, nameColumn } from "../table.ts";

const POLICY_TYPES = ["Ingress", "Egress"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"];

export const networkPolicyResource = define(networkpolicies, {
  shortNames: ["netpol"],
  countsGeneration: true,
  defaults,
  validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("Pod-Selector"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      formatLabelSelector(spec.podSelector),
      age(metadata.creationTimestamp, now),
    ],
  },
});

/** A policy is about ingress, and about egress too where it has rules for that. */
function defaults({ spec }: Draft<NetworkPolicy>): void {
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
}

function validate({ spec }: NetworkPolicy): FieldError[] {
  const { ingress = [], egress = [], policyTypes = [] } = spec;
  const errors = validateLabelSelector(spec.podSelector, "spec.podSelector");
  for (const [i, rule] of ingress.entries())
    errors.push(...ruleErrors(rule.ports, rule.from, "from", `spec.ingress[${i}]`));
  for (const [i, rule] of egress.entries()) errors.push(...ruleErrors(rule.ports, rule.to, "to", `spec.egress[${i}]`));
  if (policyTypes.length > POLICY_TYPES.length)
    return [...errors, invalidValue("spec.policyTypes", policyTypes, "may not specify more than two policyTypes")];
  return [...errors, ...policyTypes.flatMap((type, i) => checkOneOf(`spec.policyTypes[${i}]`, type, POLICY_TYPES))];
}

function ruleErrors(
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  side: string,
  field: string,
): FieldError[] {
  return [
    ...ports.flatMap((port, i) => portErrors(port, `${field}.ports[${i}]`)),
    ...peers.flatMap((peer, i) => peerErrors(peer, `${field}.${side}[${i}]`)),
  ];
}

function portErrors({ protocol, port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const errors = protocol == null ? [] : checkOneOf(`${field}.protocol`, protocol, PROTOCOLS);
  const endField = `${field}.endPort`;
  if (port == null) {
    if (endPort != null)
      errors.push(invalidValue(endField, endPort, "may not be specified when `port` is not specified"));
  } else if (typeof port === "string") {
    if (endPort != null)
      errors.push(invalidValue(endField, endPort, "may not be specified when `port` is non-numeric"));
    errors.push(...checkForm(`${field}.port`, port, portName));
  } else {
    errors.push(...portNumber(port).map((text) => invalidValue(`${field}.port`, port, text)));
    if (endPort == null) return errors;
    if (endPort < port) errors.push(invalidValue(endField, port, "must be greater than or equal to `port`"));
    errors.push(...portNumber(endPort).map((text) => invalidValue(endField, endPort, text)));
  }
  return errors;
}

function peerErrors({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, field: string): FieldError[] {
  const errors = [
    ...validateLabelSelector(podSelector, `${field}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock ? blockErrors(ipBlock, `${field}.ipBlock`) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(field, "must specify a peer"));
  else if (ipBlock && (podSelector || namespaceSelector))
    errors.push(forbiddenField(field, "may not specify both ipBlock and another peer"));
  return errors;
}

function blockErrors({ cidr, except = [] }: IPBlock, field: string): FieldError[] {
  if (!cidr) return [required(`${field}.cidr`)];
  const errors = checkForm(`${field}.cidr`, cidr, cidrErrors);
  const range = parseCidr(cidr);
  if (!range) return errors;
  for (const [i, text] of except.entries()) {
    const at = `${field}.except[${i}]`;
    errors.push(...checkForm(at, text, cidrErrors));
    const hole = parseCidr(text);
    if (hole && !(hole.prefix > range.prefix && range.contains(hole.address)))
      errors.push(invalidValue(at, text, "must be a strict subset of `cidr`"));
  }
  return errors;
}
