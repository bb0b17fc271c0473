/** What of a service cannot change: its first address and family, its balancer's class, the port of its health check. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import type { Service } from "../../generated/types/core-v1.ts";
import { immutable } from "../../pod/field-checks.ts";
import { isHeadless, needsHealthCheckPort } from "./needs.ts";
import { validateService } from "./validate.ts";

const SETTLED = "may not change once set";

export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  return [
    ...settledErrors(service, old, "clusterIPs", "primary clusterIP", "secondary clusterIP"),
    ...settledErrors(service, old, "ipFamilies", "primary ipFamily", "secondary ipFamily"),
    ...classErrors(service, old),
    ...healthCheckErrors(service, old),
    ...validateService(service),
  ];
}

function settledErrors(
  service: Service,
  old: Service,
  list: "clusterIPs" | "ipFamilies",
  primary: string,
  secondary: string,
): FieldError[] {
  if (service.spec.type === "ExternalName" || old.spec.type === "ExternalName") return [];
  if (isHeadless(service) && isHeadless(old)) return [];
  const [now, before] = [service.spec[list] ?? [], old.spec[list] ?? []];
  if (before.length === 0) return [];
  const field = `spec.${list}`;
  if (now.length === 0) return [invalidValue(`${field}[0]`, now, `${primary} can not be unset`)];
  const compared = now.length === before.length ? before.length : 1;
  const errors = before
    .slice(0, compared)
    .flatMap((value, i) => (value === now[i] ? [] : [invalidValue(`${field}[${i}]`, now, SETTLED)]));
  if (before.length > now.length && service.spec.ipFamilyPolicy !== "SingleStack") {
    const detail = `must be set to 'SingleStack' when releasing the ${secondary}`;
    errors.push(invalidValue("spec.ipFamilyPolicy", service.spec.ipFamilyPolicy ?? null, detail));
  }
  return errors;
}

function classErrors({ spec }: Service, { spec: old }: Service): FieldError[] {
  const both = spec.type === "LoadBalancer" && old.type === "LoadBalancer";
  return both && spec.loadBalancerClass !== old.loadBalancerClass
    ? [invalidValue("spec.loadBalancerClass", spec.loadBalancerClass ?? null, SETTLED)]
    : [];
}

function healthCheckErrors(service: Service, old: Service): FieldError[] {
  if (!needsHealthCheckPort(service) || !needsHealthCheckPort(old)) return [];
  return service.spec.healthCheckNodePort === old.spec.healthCheckNodePort
    ? []
    : [forbiddenField("spec.healthCheckNodePort", immutable)];
}
