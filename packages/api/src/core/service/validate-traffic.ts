/** From where a service takes traffic, and to where it sends it. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import type { Service } from "../../generated/types/core-v1.ts";
import { known, portErrors } from "../../pod/field-checks.ts";
import { isExternallyReachable, needsClusterIP, needsHealthCheckPort } from "./needs.ts";

const POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];

export function validateTraffic(service: Service): FieldError[] {
  const { internalTrafficPolicy, trafficDistribution } = service.spec;
  const errors = [...externalErrors(service), ...healthCheckErrors(service)];
  const field = "spec.internalTrafficPolicy";
  if (internalTrafficPolicy !== undefined) errors.push(...known(field, internalTrafficPolicy, POLICIES));
  else if (needsClusterIP(service)) errors.push(required(field));
  if (trafficDistribution !== undefined)
    errors.push(...known("spec.trafficDistribution", trafficDistribution, DISTRIBUTIONS));
  return errors;
}

function externalErrors(service: Service): FieldError[] {
  const policy = service.spec.externalTrafficPolicy;
  const field = "spec.externalTrafficPolicy";
  if (isExternallyReachable(service)) return policy ? known(field, policy, POLICIES) : [required(field)];
  return policy ? [invalidValue(field, policy, "may only be set for externally-accessible services")] : [];
}

function healthCheckErrors(service: Service): FieldError[] {
  const port = service.spec.healthCheckNodePort;
  const field = "spec.healthCheckNodePort";
  if (needsHealthCheckPort(service)) return port ? portErrors(field, port) : [required(field)];
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return port ? [invalidValue(field, port, detail)] : [];
}
