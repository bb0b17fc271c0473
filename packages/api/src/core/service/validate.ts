/** What a service must be, by its type. */
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { cidrErrors } from "@kubets/machinery/cidr";
import { ipErrors } from "@kubets/machinery/ip";
import { validateLabels } from "@kubets/machinery/label-selector";
import { dns1123Label, dns1123Subdomain, labelKey } from "@kubets/machinery/names";
import type { Service, ServicePort, ServiceSpec } from "../../generated/types/core-v1.ts";
import { known, nameErrors, oneOf, portErrors, portOrName } from "../../pod/field-checks.ts";
import { nonSpecialIp } from "../endpoints.ts";
import { clusterIPErrors } from "./families.ts";
import { isHeadless } from "./needs.ts";
import { validateTraffic } from "./validate-traffic.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const MAX_STICKY_SECONDS = 86400;
const RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges";
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";

export function validateService(service: Service): FieldError[] {
  const { spec } = service;
  const ports = spec.ports ?? [];
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless(service) && spec.type !== "ExternalName") errors.push(required("spec.ports"));
  errors.push(...typeErrors(service), ...portListErrors(ports));
  errors.push(...validateLabels(spec.selector, "spec.selector"), ...affinityErrors(spec), ...clusterIPErrors(service));
  for (const [i, address] of (spec.externalIPs ?? []).entries()) {
    const invalid = nameErrors(`spec.externalIPs[${i}]`, address, ipErrors);
    errors.push(...(invalid.length ? invalid : nonSpecialIp(address, `spec.externalIPs[${i}]`)));
  }
  errors.push(...oneOf("spec.type", spec.type, TYPES), ...nodePortErrors(spec, ports), ...balancerErrors(service));
  return [...errors, ...validateTraffic(service)];
}

function typeErrors(service: Service): FieldError[] {
  const { type, clusterIPs = [] } = service.spec;
  if (type === "ExternalName") return externalNameErrors(service.spec);
  if (type !== "LoadBalancer" && type !== "NodePort") return [];
  const detail = `may not be set to 'None' for ${type} services`;
  return isHeadless(service) ? [invalidValue("spec.clusterIPs[0]", clusterIPs[0] ?? "", detail)] : [];
}

function externalNameErrors(spec: ServiceSpec): FieldError[] {
  const errors = (["clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const)
    .filter((name) => spec[name]?.length)
    .map((name) => forbiddenField(`spec.${name}`, "may not be set for ExternalName services"));
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  return [
    ...errors,
    ...(name ? nameErrors("spec.externalName", name, dns1123Subdomain) : [required("spec.externalName")]),
  ];
}

function portListErrors(ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const at = `spec.ports[${i}]`;
    const { name, protocol, appProtocol } = port;
    const errors: FieldError[] = [];
    if (ports.length > 1 && !name) errors.push(required(`${at}.name`));
    else if (name) {
      errors.push(...nameErrors(`${at}.name`, name, dns1123Label));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    errors.push(...portErrors(`${at}.port`, port.port));
    errors.push(...oneOf(`${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]));
    errors.push(...portOrName(`${at}.targetPort`, port.targetPort));
    return appProtocol === undefined ? errors : [...errors, ...nameErrors(`${at}.appProtocol`, appProtocol, labelKey)];
  });
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const field = "spec.sessionAffinityConfig";
  const errors = oneOf("spec.sessionAffinity", sessionAffinity, ["ClientIP", "None"]);
  if (sessionAffinity === "None" && sessionAffinityConfig)
    errors.push(forbiddenField(field, "must not be set when session affinity is None"));
  if (sessionAffinity !== "ClientIP") return errors;
  const detail = "when session affinity type is ClientIP";
  const { clientIP } = sessionAffinityConfig ?? {};
  if (!sessionAffinityConfig) return [...errors, required(field, detail)];
  if (!clientIP) return [...errors, required(`${field}.clientIP`, detail)];
  const seconds = clientIP.timeoutSeconds;
  const path = `${field}.clientIP.timeoutSeconds`;
  if (seconds === undefined) return [...errors, required(path, detail)];
  return seconds > 0 && seconds <= MAX_STICKY_SECONDS
    ? errors
    : [...errors, invalidValue(path, seconds, `must be greater than 0 and less than ${MAX_STICKY_SECONDS}`)];
}

function nodePortErrors({ type }: ServiceSpec, ports: readonly ServicePort[]): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  const seen = new Set<string>();
  if (type === "ClusterIP")
    for (const [i, { nodePort }] of ports.entries())
      if (nodePort)
        errors.push(forbiddenField(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    if (taken.has(`${protocol}/${nodePort}`)) errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort));
    taken.add(`${protocol}/${nodePort}`);
  }
  for (const [i, { protocol, port }] of ports.entries()) {
    const value = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (seen.has(`${protocol}/${port}`)) errors.push(duplicate(`spec.ports[${i}]`, value));
    seen.add(`${protocol}/${port}`);
  }
  return errors;
}

function balancerErrors(service: Service): FieldError[] {
  const { spec } = service;
  const isBalancer = spec.type === "LoadBalancer";
  const errors = sourceRangeErrors(service, isBalancer);
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer)
    errors.push(forbiddenField("spec.allocateLoadBalancerNodePorts", ONLY_LOAD_BALANCER));
  if (isBalancer && spec.allocateLoadBalancerNodePorts === undefined)
    errors.push(required("allocateLoadBalancerNodePorts"));
  return [...errors, ...classErrors(spec)];
}

function classErrors({ type, loadBalancerClass }: ServiceSpec): FieldError[] {
  if (loadBalancerClass === undefined) return [];
  return type === "LoadBalancer"
    ? nameErrors("spec.loadBalancerClass", loadBalancerClass, labelKey)
    : [forbiddenField("spec.loadBalancerClass", ONLY_LOAD_BALANCER)];
}

function sourceRangeErrors({ spec, metadata }: Service, isBalancer: boolean): FieldError[] {
  const field = "spec.LoadBalancerSourceRanges";
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length) {
    const errors = isBalancer ? [] : [forbiddenField(field, ONLY_LOAD_BALANCER)];
    return [...errors, ...ranges.flatMap((range, i) => nameErrors(`${field}[${i}]`, range.trim(), cidrErrors))];
  }
  const annotation = metadata.annotations?.[RANGES_ANNOTATION];
  if (annotation === undefined) return [];
  const path = `metadata.annotations[${RANGES_ANNOTATION}]`;
  const errors = isBalancer ? [] : [forbiddenField(path, ONLY_LOAD_BALANCER)];
  const list = annotation.trim() === "" ? [] : annotation.split(",");
  return [...errors, ...list.flatMap((range) => nameErrors(path, range.trim(), cidrErrors))];
}

/** What a balancer may report. */
export function validateServiceStatus({ spec, status }: Service): FieldError[] {
  const field = "status.loadBalancer.ingress";
  const ingress = status.loadBalancer.ingress ?? [];
  if (ingress.length && spec.type !== "LoadBalancer")
    return [forbiddenField(field, "may only be used when `spec.type` is LoadBalancer")];
  return ingress.flatMap(({ ip, hostname, ipMode }, i) => {
    const at = `${field}[${i}]`;
    const errors = ip ? nameErrors(`${at}.ip`, ip, ipErrors) : [];
    if (ip && ipMode === undefined) errors.push(required(`${at}.ipMode`, "must be specified when `ip` is set"));
    else if (!ip && ipMode !== undefined)
      errors.push(forbiddenField(`${at}.ipMode`, "may not be specified when `ip` is not set"));
    else if (ipMode !== undefined) errors.push(...known(`${at}.ipMode`, ipMode, ["Proxy", "VIP"]));
    if (!hostname) return errors;
    errors.push(...nameErrors(`${at}.hostname`, hostname, dns1123Subdomain));
    if (ipErrors(hostname).length === 0)
      errors.push(invalidValue(`${at}.hostname`, hostname, "must be a DNS name, not an IP address"));
    return errors;
  });
}
