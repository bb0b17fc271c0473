/** APIServices: who serves a group and version of the API, this server or one behind a service. */
import {
  dns1035Label,
  dns1123Subdomain,
  type FieldError,
  invalidValue,
  notSupported,
  pathSegmentName,
  portNumber,
  required,
} from "@kubets/machinery";
import { CONDITION_STATUSES } from "../conditions.ts";
import { define } from "../define.ts";
import { checkForm } from "../field-checks.ts";
import { apiservices } from "../generated/refs.ts";
import type { APIService, APIServiceSpec, APIServiceStatus } from "../generated/types/apiregistration-v1.ts";
import { keepStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;

export const apiServiceResource = define(apiservices, {
  categories: ["api-extensions"],
  storagePrefix: "/registry/apiregistration.k8s.io/apiservices",
  unconditionalUpdate: false,
  validateName: (name) => pathSegmentName(name),
  defaults: ({ spec }) => {
    if (spec.service) spec.service.port ??= 443;
  },
  prepareForCreate: (apiService, { now }) => {
    apiService.status = apiService.spec.service ? {} : { conditions: [localAvailable(now)] };
  },
  prepareForUpdate: keepStatus,
  validate,
  validateUpdate: validate,
  subresources: { status: statusSubresource(({ status }) => statusErrors(status)) },
  table: {
    columns: [nameColumn, column("Service"), column("Available"), column("Age")],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.service ? `${spec.service.namespace}/${spec.service.name}` : "Local",
      availableText(status),
      age(metadata.creationTimestamp, now),
    ],
  },
});

/** What this server serves itself is there from the start. */
const localAvailable = (now: string) => ({
  type: "Available",
  status: "True",
  lastTransitionTime: now,
  reason: "Local",
  message: "Local APIServices are always available",
});

function availableText({ conditions = [] }: APIServiceStatus): string {
  const available = conditions.find(({ type }) => type === "Available");
  if (!available) return "Unknown";
  return available.status === "True" ? "True" : `${available.status} (${available.reason ?? ""})`;
}

function validate({ metadata, spec }: APIService): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum: groupPriority, versionPriority } = spec;
  const errors: FieldError[] = [];
  const name = `${version}.${group}`;
  if (metadata.name !== name)
    errors.push(
      invalidValue("metadata.name", metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`),
    );
  if (group === "" && version !== "v1")
    errors.push(required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  if (group !== "") errors.push(...checkForm("spec.group", group, dns1123Subdomain));
  errors.push(...checkForm("spec.version", version, dns1035Label));
  errors.push(...priorityErrors("spec.groupPriorityMinimum", groupPriority, MAX_GROUP_PRIORITY));
  errors.push(...priorityErrors("spec.versionPriority", versionPriority, MAX_VERSION_PRIORITY));
  return [...errors, ...(spec.service ? serviceErrors(spec) : localErrors(spec))];
}

const priorityErrors = (field: string, priority: number, max: number): FieldError[] =>
  priority <= 0 || priority > max ? [invalidValue(field, priority, `must be positive and less than ${max}`)] : [];

function localErrors({ caBundle, insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (caBundle) {
    const bytes = `${Buffer.byteLength(caBundle, "base64")} bytes`;
    errors.push(invalidValue("spec.caBundle", bytes, "local APIServices may not have a caBundle"));
  }
  if (insecureSkipTLSVerify)
    errors.push(
      invalidValue("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"),
    );
  return errors;
}

function serviceErrors({ service, caBundle, insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const { namespace, name, port = 443 } = service ?? {};
  const errors: FieldError[] = [];
  if (!namespace) errors.push(required("spec.service.namespace"));
  if (!name) errors.push(required("spec.service.name"));
  const texts = portNumber(port);
  if (texts.length) errors.push(invalidValue("spec.service.port", port, `port is not valid: ${texts.join(", ")}`));
  if (insecureSkipTLSVerify && caBundle)
    errors.push(invalidValue("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
  return errors;
}

const statusErrors = ({ conditions = [] }: APIServiceStatus): FieldError[] =>
  conditions
    .map(({ status }, i) => ({ status, field: `status.conditions[${i}].status` }))
    .filter(({ status }) => !CONDITION_STATUSES.includes(status))
    .map(({ status, field }) => notSupported(field, status, CONDITION_STATUSES));
