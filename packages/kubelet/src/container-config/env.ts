/**
 * The environment of a container. Later ones win: Services, then `envFrom` in its order, then `env`.
 * Holds: `$(NAME)` in a value sees what stands before it; of what is missing the text says kind and name, unless it is optional.
 */
import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from "@kubets/api/generated/types/core-v1";
import { envVarName } from "@kubets/machinery/names";
import { ContainerConfigError } from "./config-error.ts";
import type { FileKeys } from "./env-files.ts";
import { expand } from "./expand.ts";
import { type Addresses, fieldValue } from "./field-values.ts";
import { type Allocatable, containerNamed, resourceValue } from "./resource-values.ts";
import { serviceEnv } from "./service-env.ts";

interface EnvSources {
  readonly services: readonly Service[];
  readonly addresses: Addresses;
  readonly allocatable: Allocatable;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  fileKey: FileKeys;
}

export type Env = ReadonlyMap<string, string>;

export function containerEnv(pod: Pod, container: Container, from: EnvSources): Env {
  const ofServices = serviceEnv(from.services, pod.metadata.namespace, pod.spec.enableServiceLinks ?? true);
  const env = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of envFromValues(source, from)) {
      const name = (source.prefix ?? "") + key;
      if (envVarName(name).length === 0) env.set(name, value);
    }
  }
  const lookup = (name: string) => env.get(name) ?? ofServices.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? valueFrom(pod, container, variable.valueFrom, from)
      : expand(variable.value ?? "", lookup);
    if (value !== undefined) env.set(variable.name, value);
  }
  for (const [name, value] of ofServices) if (!env.has(name)) env.set(name, value);
  return env;
}

type EnvFrom = NonNullable<Container["envFrom"]>[number];

function envFromValues({ configMapRef, secretRef }: EnvFrom, from: EnvSources): [string, string][] {
  if (configMapRef) {
    const { name = "", optional } = configMapRef;
    const found = from.configMap(name);
    if (!found && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
    return sortedEntries(found?.data);
  }
  if (secretRef) {
    const { name = "", optional } = secretRef;
    const found = from.secret(name);
    if (!found && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
    return sortedEntries(found?.data).map(([key, value]) => [key, decoded(value)]);
  }
  return [];
}

const sortedEntries = (data: Readonly<Record<string, string>> | undefined): [string, string][] =>
  Object.entries(data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

const decoded = (base64: string): string => Buffer.from(base64, "base64").toString();

/** Undefined for what is missing and may be. */
function valueFrom(
  pod: Pod,
  container: Container,
  source: NonNullable<EnvVar["valueFrom"]>,
  from: EnvSources,
): string | undefined {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, from.addresses);
  if (resourceFieldRef) {
    const of = resourceFieldRef.containerName ? containerNamed(pod, resourceFieldRef.containerName) : container;
    return resourceValue(of, resourceFieldRef, from.allocatable);
  }
  if (configMapKeyRef) {
    const { name = "", key, optional } = configMapKeyRef;
    const found = from.configMap(name);
    if (!found && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
    const value = found?.data?.[key];
    if (value === undefined && !optional)
      throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}`);
    return value;
  }
  if (secretKeyRef) {
    const { name = "", key, optional } = secretKeyRef;
    const found = from.secret(name);
    if (!found && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
    const value = found?.data?.[key];
    if (value === undefined && !optional)
      throw new ContainerConfigError(`couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}`);
    return value === undefined ? undefined : decoded(value);
  }
  if (fileKeyRef) return from.fileKey(fileKeyRef);
  throw new ContainerConfigError(`invalid valueFrom of a variable of container ${container.name}`);
}
