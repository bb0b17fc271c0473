/** The three lists of containers: what all containers must be, and what each list allows. */
import { duplicate, type FieldError, forbiddenField, invalidValue, notFoundValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { dns1123Label } from "@kubets/machinery/names";
import type { Container, EphemeralContainer } from "../generated/types/core-v1.ts";
import { isSidecar } from "./containers.ts";
import { known, oneOf, requiredName, requiredValue } from "./field-checks.ts";
import type { ContainerContext } from "./pod-context.ts";
import { validateEnv, validateEnvFrom } from "./validate-env.ts";
import { type ProbeName, validateLifecycle, validateProbe } from "./validate-handler.ts";
import { validateDevices, validateMounts } from "./validate-mounts.ts";
import { hostPortClashes, validatePorts } from "./validate-ports.ts";
import { containerResourceName, validateResources } from "./validate-resources.ts";
import { validateRestartRules } from "./validate-restart-rules.ts";
import { validateSecurityContext } from "./validate-security-context.ts";

const PROBES: readonly ProbeName[] = ["livenessProbe", "readinessProbe", "startupProbe"];

export function validateContainers(field: string, context: ContainerContext): FieldError[] {
  const { containers } = context.spec;
  if (!containers?.length) return [required(field)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const own = anyContainer(container, at, context);
    if (names.has(container.name)) own.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    own.push(...lifeErrors(container, at, context));
    return joined(own, validateRestartRules(container, at));
  });
  return joined(errors, hostPortClashes(containers, field));
}

export function validateInitContainers(field: string, context: ContainerContext): FieldError[] {
  const names = new Set(context.spec.containers?.map(({ name }) => name));
  return (context.spec.initContainers ?? []).flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const errors = anyContainer(container, at, context);
    errors.push(...validateRestartRules(container, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    else if (container.name) names.add(container.name);
    errors.push(...hostPortClashes([container], field));
    return joined(errors, isSidecar(container) ? lifeErrors(container, at, context) : onlySidecars(container, at));
  });
}

const lifeErrors = (container: Container, at: string, { graceSeconds }: ContainerContext): FieldError[] =>
  joined(
    validateLifecycle(container.lifecycle, `${at}.lifecycle`, graceSeconds),
    PROBES.flatMap((name) => validateProbe(container[name], name, `${at}.${name}`, graceSeconds)),
  );

const onlySidecars = (container: Container, at: string): FieldError[] =>
  (["lifecycle", ...PROBES] as const)
    .filter((name) => container[name])
    .map((name) => forbiddenField(`${at}.${name}`, "may not be set for init containers without restartPolicy=Always"));

/** What a container that is added to a running pod cannot have, in the order of its fields. */
const NOT_EPHEMERAL = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  ...PROBES,
  "lifecycle",
] as const;
const NO_EPHEMERAL = "cannot be set for an Ephemeral Container";

export function validateEphemeralContainers(field: string, context: ContainerContext): FieldError[] {
  const { containers, initContainers = [], ephemeralContainers = [] } = context.spec;
  const others = new Set(joined(containers, initContainers).map(({ name }) => name));
  const names = new Set(others);
  return ephemeralContainers.flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const errors = anyContainer(container, at, context);
    errors.push(...imageSpaces(container, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFoundValue(`${at}.targetContainerName`, target));
    return joined(errors, unfitForEphemeral(container, at));
  });
}

function unfitForEphemeral(container: EphemeralContainer, at: string): FieldError[] {
  const errors = NOT_EPHEMERAL.filter((name) => isSet(container[name])).map((name) =>
    forbiddenField(`${at}.${name}`, NO_EPHEMERAL),
  );
  for (const [i, { subPath, subPathExpr }] of (container.volumeMounts ?? []).entries()) {
    if (subPath) errors.push(forbiddenField(`${at}.volumeMounts[${i}].subPath`, NO_EPHEMERAL));
    if (subPathExpr) errors.push(forbiddenField(`${at}.volumeMounts[${i}].subPathExpr`, NO_EPHEMERAL));
  }
  return errors;
}

/** An empty list or object counts as nothing. */
const isSet = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.keys(value).length > 0 : value !== undefined;

/** Where the image's name is that of a pod and not of a template, spaces around it are refused. */
export const imageSpaces = ({ image = "" }: Container | EphemeralContainer, at: string): FieldError[] =>
  image.trim() === image ? [] : [invalidValue(`${at}.image`, image, "must not have leading or trailing whitespace")];

function anyContainer(container: Container, at: string, context: ContainerContext): FieldError[] {
  return joined(
    requiredName(`${at}.name`, container.name, dns1123Label),
    requiredValue(`${at}.image`, container.image),
    oneOf(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, ["File", "FallbackToLogsOnError"]),
    validatePorts(container.ports, `${at}.ports`),
    validateEnv(container.env, `${at}.env`),
    validateEnvFrom(container.envFrom, `${at}.envFrom`),
    validateMounts(container, context.volumes, `${at}.volumeMounts`),
    validateDevices(container, context.volumes, `${at}.volumeDevices`),
    oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    validateResources(container.resources, `${at}.resources`, containerResourceName, context.claimNames),
    resizePolicyErrors(container, `${at}.resizePolicy`, context),
    validateSecurityContext(container.securityContext, `${at}.securityContext`, context.spec, context.write),
  );
}

function resizePolicyErrors({ resizePolicy }: Container, field: string, { spec }: ContainerContext): FieldError[] {
  const seen = new Set<string>();
  return (resizePolicy ?? []).flatMap(({ resourceName, restartPolicy }, i) => {
    const errors = seen.has(resourceName) ? [duplicate(`${field}[${i}]`, resourceName)] : [];
    seen.add(resourceName);
    errors.push(...wordErrors(field, resourceName, ["cpu", "memory"]));
    errors.push(...wordErrors(field, restartPolicy, ["NotRequired", "RestartContainer"]));
    if (spec.restartPolicy === "Never" && restartPolicy !== "NotRequired") {
      const detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(invalidValue(field, restartPolicy, detail));
    }
    return errors;
  });
}

const wordErrors = (field: string, word: string, allowed: readonly string[]): FieldError[] =>
  word ? known(field, word, allowed) : [required(field)];
