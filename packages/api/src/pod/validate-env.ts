/** The environment of a container: names, and the places that values come from. */
import { type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { configMapKey, envVarName, labelKey, type NameCheck } from "@kubets/machinery/names";
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "../generated/types/core-v1.ts";
import { validateDivisor } from "./divisors.ts";
import { localPath, nameErrors, requiredName, requiredValue } from "./field-checks.ts";

const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const CONVERTIBLE = new Set([
  ...ENV_FIELDS,
  "metadata.annotations",
  "metadata.labels",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.host",
  "status.phase",
]);
const RESOURCES = ["limits", "requests"].flatMap((list) =>
  ["cpu", "ephemeral-storage", "memory"].map((name) => `${list}.${name}`),
);

export const validateEnv = (env: readonly EnvVar[] | undefined, field: string): FieldError[] =>
  (env ?? []).flatMap((variable, i) =>
    joined(
      requiredName(`${field}[${i}].name`, variable.name, envVarName),
      variable.valueFrom ? sourceErrors(variable, variable.valueFrom, `${field}[${i}].valueFrom`) : [],
    ),
  );

function sourceErrors({ value }: EnvVar, from: EnvVarSource, field: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = from;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, `${field}.fieldRef`, ENV_FIELDS));
  if (resourceFieldRef) errors.push(...validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, false));
  if (configMapKeyRef) errors.push(...keyRefErrors(configMapKeyRef, `${field}.configMapKeyRef`));
  if (secretKeyRef) errors.push(...keyRefErrors(secretKeyRef, `${field}.secretKeyRef`));
  if (fileKeyRef) errors.push(...fileKeyErrors(fileKeyRef, `${field}.fileKeyRef`));

  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (count === 0) return [...errors, invalidValue(field, "", NO_SOURCE)];
  if (value) return [...errors, invalidValue(field, "", "may not be specified when `value` is not empty")];
  if (count > 1) return [...errors, invalidValue(field, "", "may not have more than one field specified at a time")];
  return errors;
}
const NO_SOURCE =
  "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";

const keyRefErrors = ({ name, key }: { name?: string; key: string }, field: string): FieldError[] =>
  joined(requiredValue(`${field}.name`, name), requiredName(`${field}.key`, key, configMapKey));

const fileKeyErrors = ({ volumeName, path, key }: FileKeySelector, field: string): FieldError[] =>
  joined(
    requiredName(`${field}.key`, key, envVarName),
    requiredValue(`${field}.volumeName`, volumeName),
    path ? localPath(`${field}.path`, path) : [required(`${field}.path`)],
  );

export const validateEnvFrom = (sources: readonly EnvFromSource[] | undefined, field: string): FieldError[] =>
  (sources ?? []).flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${field}[${i}]`;
    const errors = prefix ? nameErrors(`${at}.prefix`, prefix, envVarName) : [];
    if (configMapRef) errors.push(...requiredValue(`${at}.configMapRef.name`, configMapRef.name));
    if (secretRef) errors.push(...requiredValue(`${at}.secretRef.name`, secretRef.name));
    if (!configMapRef && !secretRef)
      errors.push(invalidValue(field, "", "must specify one of: `configMapRef` or `secretRef`"));
    if (configMapRef && secretRef)
      errors.push(invalidValue(field, "", "may not have more than one field specified at a time"));
    return errors;
  });

/** A reference to a field of the pod itself, in the environment or in a file. */
export function validateFieldRef(ref: ObjectFieldSelector, field: string, allowed: readonly string[]): FieldError[] {
  if (!ref.apiVersion) return [required(`${field}.apiVersion`)];
  if (!ref.fieldPath) return [required(`${field}.fieldPath`)];
  const path = `${field}.fieldPath`;
  const [name, key] = withSubscript(ref.fieldPath);
  const problem = conversionProblem(ref.apiVersion, ref.fieldPath, name, key);
  if (problem) return [invalidValue(path, ref.fieldPath, `error converting fieldPath: ${problem}`)];
  if (key !== undefined) return subscriptErrors(name, key, field);
  const internal = name === "spec.host" ? "spec.nodeName" : name;
  return allowed.includes(internal) ? [] : [notSupported(path, internal, allowed)];
}

/** `metadata.labels['a']` as `metadata.labels` and `a`. */
function withSubscript(path: string): [name: string, key: string | undefined] {
  const begin = path.indexOf("['");
  const end = path.length - "']".length;
  if (begin <= 0 || end < begin + "['".length || !path.endsWith("']")) return [path, undefined];
  return [path.slice(0, begin), path.slice(begin + "['".length, end)];
}

function conversionProblem(version: string, whole: string, name: string, key: string | undefined): string | undefined {
  if (version !== "v1") return `unsupported pod version: ${version}`;
  const known = key === undefined ? CONVERTIBLE.has(name) : SUBSCRIPTED[name] !== undefined;
  return known ? undefined : `field label not supported: ${whole}`;
}

const SUBSCRIPTED: Readonly<Record<string, NameCheck>> = {
  "metadata.annotations": (key) => labelKey(key.toLowerCase()),
  "metadata.labels": labelKey,
};

const subscriptErrors = (name: string, key: string, field: string): FieldError[] =>
  (SUBSCRIPTED[name] as NameCheck)(key).map((text) => invalidValue(field, key, text));

/** A reference to an amount of a container, which a file must name. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, field: string, named: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (named && !ref.containerName) errors.push(required(`${field}.containerName`));
  else if (!ref.resource) errors.push(required(`${field}.resource`));
  else if (!RESOURCES.includes(ref.resource) && !/^(limits|requests)\.hugepages-/.test(ref.resource))
    errors.push(notSupported(`${field}.resource`, ref.resource, RESOURCES));
  return joined(errors, validateDivisor(ref, `${field}.divisor`));
}
