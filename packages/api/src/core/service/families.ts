/**
 * The IP families of a service: what its author asked for, what its addresses say, and what the cluster has. Called by the API server
 * before it allocates addresses; a service with errors gets none.
 */
import { duplicate, type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { ipErrors } from "@kubets/machinery/ip";
import type { Service } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { known, nameErrors } from "../../pod/field-checks.ts";
import { alignClusterIPs, keepAllocated } from "./allocated.ts";
import { HEADLESS, isHeadless } from "./needs.ts";

export type Family = "IPv4" | "IPv6";
const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];
const POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];

const familyOf = (address: string): Family => (address.includes(":") ? "IPv6" : "IPv4");
const other = (family: string): Family => (family === "IPv4" ? "IPv6" : "IPv4");

/**
 * Fills policy and families; `cluster` are the families of the cluster, its own first. What is to be allocated after it: an address for
 * each of `spec.ipFamilies` that `spec.clusterIPs` lacks.
 */
export function settleFamilies(
  service: Draft<Service>,
  old: Service | undefined,
  cluster: readonly Family[],
): FieldError[] {
  const { spec } = service;
  if (old) keepAllocated(service, old);
  alignClusterIPs(service, old);
  if (spec.type === "ExternalName" || (old && unchanged(service, old))) return [];
  const wrong = clusterIPErrors(service as Service);
  if (wrong.length) return wrong;

  if (old) downgrade(service, old);
  const free = isHeadless(service as Service) && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (free ? "RequireDualStack" : "SingleStack");
  const errors = [...policyErrors(service), ...inferFamilies(service, cluster)];
  if (errors.length) return errors;
  if (free) return fillFamilies(service, cluster[0] ?? "IPv4", true);
  const missing = availabilityErrors(service, cluster);
  return missing.length ? missing : fillFamilies(service, cluster[0] ?? "IPv4", cluster.length > 1);
}

/** A service that prefers two families is not made to have them by each update. */
function unchanged({ spec }: Draft<Service>, { spec: old }: Service): boolean {
  const fields = ["type", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const;
  return spec.ipFamilyPolicy === "PreferDualStack" && fields.every((name) => deepEqual(spec[name], old[name]));
}

/** Who goes back to one family keeps the first of both. */
function downgrade({ spec }: Draft<Service>, { spec: old }: Service): void {
  if (spec.ipFamilyPolicy !== "SingleStack") return;
  for (const name of ["clusterIPs", "ipFamilies"] as const)
    if (spec[name]?.length === 2 && deepEqual(spec[name], old[name])) spec[name] = spec[name]?.slice(0, 1);
}

function policyErrors({ spec }: Draft<Service>): FieldError[] {
  if (spec.ipFamilyPolicy !== "SingleStack") return [];
  const says = (what: string) =>
    invalidValue(
      "spec.ipFamilyPolicy",
      spec.ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(spec.clusterIPs?.length === 2 ? [says("cluster IPs")] : []),
    ...(spec.ipFamilies?.length === 2 ? [says("IP families")] : []),
  ];
}

/** An address says its family where the author does not. */
function inferFamilies({ spec }: Draft<Service>, cluster: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === HEADLESS) break;
    if (i < (spec.ipFamilies?.length ?? 0)) continue;
    const family = familyOf(address);
    if (!cluster.includes(family)) {
      const detail = `${family} is not configured on this cluster`;
      errors.push(invalidValue(`spec.clusterIPs[${i}]`, spec.clusterIPs, detail));
    } else (spec.ipFamilies ??= []).push(family);
  }
  return errors;
}

function availabilityErrors({ spec }: Draft<Service>, cluster: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === "RequireDualStack" && cluster.length < 2) {
    const detail = "this cluster is not configured for dual-stack services";
    errors.push(invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries())
    if (!cluster.includes(family as Family))
      errors.push(invalidValue(`spec.ipFamilies[${i}]`, family, "not configured on this cluster"));
  return errors;
}

function fillFamilies({ spec }: Draft<Service>, first: Family, both: boolean): FieldError[] {
  const families = spec.ipFamilies?.length ? spec.ipFamilies : [first];
  if (both && spec.ipFamilyPolicy !== "SingleStack" && families.length < 2) families.push(other(families[0] as string));
  spec.ipFamilies = families;
  return [];
}

/** Whether addresses, families and policy fit each other, whatever the cluster has. */
export function clusterIPErrors(service: Service): FieldError[] {
  const { type, clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = service.spec;
  if (type === "ExternalName") return [];
  const field = "spec.clusterIPs";
  const errors: FieldError[] = [];
  if (clusterIP && clusterIPs.length === 0) errors.push(required(field));
  else if (clusterIP && clusterIPs[0] !== clusterIP)
    errors.push(invalidValue(field, clusterIPs, "first value must match `clusterIP`"));
  if (!clusterIP && clusterIPs.length)
    errors.push(invalidValue(field, clusterIPs, "must be empty when `clusterIP` is not specified"));

  const seen = new Set<string>();
  for (const [i, family] of ipFamilies.entries()) {
    if (!FAMILIES.includes(family as Family)) errors.push(notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES));
    if (seen.has(family)) errors.push(duplicate(`spec.ipFamilies[${i}]`, family));
    seen.add(family);
  }
  if (ipFamilyPolicy !== undefined) errors.push(...known("spec.ipFamilyPolicy", ipFamilyPolicy, POLICIES));

  const invalid = clusterIPs.flatMap((address, i) => addressErrors(address, i, clusterIPs));
  errors.push(...invalid);
  if (clusterIPs.length > 2) errors.push(invalidValue(field, clusterIPs, "may only hold up to 2 values"));
  if (invalid.length) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < clusterIPs.length)
    errors.push(invalidValue(field, clusterIPs, "may specify no more than one IP for each IP family"));
  if (isHeadless(service) || errors.length) return errors;
  return clusterIPs.flatMap((address, i) => {
    const family = ipFamilies[i];
    if (family === undefined || family === familyOf(address)) return [];
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
    return [invalidValue(`${field}[${i}]`, address, detail)];
  });
}

function addressErrors(address: string, i: number, all: readonly string[]): FieldError[] {
  if (i > 0 || address !== HEADLESS) return nameErrors(`spec.clusterIPs[${i}]`, address, ipErrors);
  return all.length > 1 ? [invalidValue("spec.clusterIPs", all, "'None' must be the first and only value")] : [];
}
