/**
 * A value as the original prints it inside some of its messages: in the form of its internal types, which write every field, with Go's
 * names. Only for messages.
 */
import { joined } from "@kubets/machinery/joined";
import { ZERO_VALUES } from "../codec/canonical.ts";
import { type Field, type Struct, structOf, type TypeRef } from "../schema.ts";

type Plain = Readonly<Record<string, unknown>>;

/** `internalForm("SecurityContext", value)`; a name without dots is one of core/v1. */
export function internalForm(type: string, value: unknown): unknown {
  return structForm(structOf(type.includes(".") ? type : `api.core.v1.${type}`), value as Plain);
}

function structForm(struct: Struct, value: Plain): Plain {
  if (struct.name === "api.core.v1.PodSpec") return podSpecForm(struct, value);
  if (struct.name === "api.core.v1.PodTemplateSpec")
    return { ...(value.metadata as Plain), Spec: internalForm("PodSpec", value.spec) };
  return fieldsForm(struct.fields, value);
}

const fieldsForm = (fields: readonly Field[], value: Plain): Plain =>
  Object.fromEntries(fields.map((field) => [goName(field.name), fieldForm(field, value[field.name])]));

function fieldForm({ type, pointer, always }: Field, value: unknown): unknown {
  if (value !== undefined && value !== null) return valueForm(type, value);
  if (pointer || type.kind === "list" || type.kind === "map") return null;
  if (type.kind === "struct") return always ? structForm(type.struct, {}) : null;
  return type.kind === "scalar" ? ZERO[type.scalar] : null;
}

const ZERO = { ...ZERO_VALUES, bytes: null };

function valueForm(type: TypeRef, value: unknown): unknown {
  if (type.kind === "struct") return structForm(type.struct, value as Plain);
  if (type.kind === "list") return (value as unknown[]).map((item) => valueForm(type.item, item));
  return value;
}

/** Fields that stand in the pod's security context there, and in the spec here. */
const IN_SECURITY_CONTEXT = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];

function podSpecForm(struct: Struct, value: Plain): Plain {
  const own = struct.fields.filter(({ name }) => name !== "serviceAccount" && !IN_SECURITY_CONTEXT.includes(name));
  const form: Record<string, unknown> = {};
  for (const field of reorder(own))
    form[goName(field.name)] =
      field.name === "securityContext" ? contextForm(struct, value) : fieldForm(field, value[field.name]);
  return form;
}

function contextForm(struct: Struct, spec: Plain): Plain | null {
  if (!spec.securityContext) return null;
  const host = IN_SECURITY_CONTEXT.map((name) => struct.byName.get(name)).filter((field) => field !== undefined);
  const context = structOf("api.core.v1.PodSecurityContext");
  return { ...fieldsForm(host, spec), ...fieldsForm(reorder(context.fields), spec.securityContext as Plain) };
}

/** The internal order where it is not that of the API. */
const INTERNAL_ORDER: readonly string[] = [
  "setHostnameAsFQDN",
  "affinity",
  "schedulerName",
  "tolerations",
  "hostAliases",
  "priorityClassName",
  "priority",
  "preemptionPolicy",
  "dnsConfig",
  "readinessGates",
  "runtimeClassName",
  "overhead",
  "enableServiceLinks",
  "topologySpreadConstraints",
];
const CONTEXT_ORDER: readonly string[] = ["fsGroup", "fsGroupChangePolicy", "sysctls", "seccompProfile"];

function reorder(fields: readonly Field[]): readonly Field[] {
  for (const order of [INTERNAL_ORDER, CONTEXT_ORDER]) {
    const listed = fields.filter(({ name }) => order.includes(name));
    if (listed.length !== order.length) continue;
    const first = fields.findIndex(({ name }) => order.includes(name));
    const sorted = listed.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    const rest = fields.filter(({ name }) => !order.includes(name));
    return joined(rest.slice(0, first), sorted, rest.slice(first));
  }
  return fields;
}

const GO_NAMES: Readonly<Record<string, string>> = {
  dnsPolicy: "DNSPolicy",
  dnsConfig: "DNSConfig",
  seLinuxOptions: "SELinuxOptions",
  seLinuxChangePolicy: "SELinuxChangePolicy",
  fsGroup: "FSGroup",
  fsGroupChangePolicy: "FSGroupChangePolicy",
  fsType: "FSType",
  gmsaCredentialSpecName: "GMSACredentialSpecName",
  gmsaCredentialSpec: "GMSACredentialSpec",
  gcePersistentDisk: "GCEPersistentDisk",
  awsElasticBlockStore: "AWSElasticBlockStore",
  httpGet: "HTTPGet",
  httpHeaders: "HTTPHeaders",
  tcpSocket: "TCPSocket",
  cephfs: "CephFS",
  storageos: "StorageOS",
  apiVersion: "APIVersion",
  apiGroup: "APIGroup",
};
const ACRONYMS = new Set(["os", "tty", "uid", "nfs", "iscsi", "rbd", "fc", "csi", "grpc", "ip", "iqn", "wwids"]);

const goName = (name: string): string =>
  GO_NAMES[name] ?? (ACRONYMS.has(name) ? name.toUpperCase() : `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
