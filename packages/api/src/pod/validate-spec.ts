/**
 * The validation of a pod's spec, of pods and of templates alike; the parts stand in files of their own. The order of the calls is the order of
 * the errors in the answer.
 */
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { validateLabels } from "@kubets/machinery/label-selector";
import { dns1123Label, dns1123Subdomain, labelKey } from "@kubets/machinery/names";
import type { PodResourceClaim, PodSpec } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";
import { known, nameErrors, oneOf, rangeErrors, requiredName } from "./field-checks.ts";
import type { ContainerContext } from "./pod-context.ts";
import { validateAffinity, validateSpread } from "./validate-affinity.ts";
import { validateContainers, validateEphemeralContainers, validateInitContainers } from "./validate-containers.ts";
import { validateDnsConfig, validateDnsPolicy, validateHostAliases } from "./validate-dns.ts";
import { validatePodResources } from "./validate-pod-resources.ts";
import { validateHostPorts } from "./validate-ports.ts";
import { containerResourceName, validateResources } from "./validate-resources.ts";
import { validatePodSecurityContext } from "./validate-security-context.ts";
import { validateTolerations } from "./validate-tolerations.ts";
import { validateVolumes } from "./validate-volumes.ts";
import { validateHostProcess, validateOS } from "./validate-windows.ts";

export const MAX_INT32 = 2147483647;
const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const MAX_HOSTNAME_OVERRIDE = 64;

/** `podName` is there for pods alone: what holds only for them is checked with it. */
export function validatePodSpec(spec: PodSpec, field: string, write: WriteContext, podName?: string): FieldError[] {
  const volumes = validateVolumes(spec, `${field}.volumes`, { podName });
  const claimNames = new Set((spec.resourceClaims ?? []).map(({ name }) => name));
  const graceSeconds = spec.terminationGracePeriodSeconds ?? 0;
  const context: ContainerContext = { write, spec, volumes: volumes.valid, claimNames, graceSeconds };
  const missingGrace = spec.terminationGracePeriodSeconds === undefined;
  return joined(
    missingGrace ? [required(`${field}.terminationGracePeriodSeconds`)] : [],
    volumes.errors,
    claimErrors(spec.resourceClaims, `${field}.resourceClaims`),
    validateContainers(`${field}.containers`, context),
    validateInitContainers(`${field}.initContainers`, context),
    validateEphemeralContainers(`${field}.ephemeralContainers`, context),
    validatePodResources(spec, `${field}.resources`, claimNames),
    validateHostPorts(spec, `${field}.containers`, podName !== undefined),
    oneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    validateDnsPolicy(spec.dnsPolicy, `${field}.dnsPolicy`),
    validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    validatePodSecurityContext(spec, field),
    validateAffinity(spec.affinity, `${field}.affinity`),
    validateDnsConfig(spec, `${field}.dnsConfig`),
    gateErrors(spec, field),
    validateSpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
    validateHostProcess(spec, field),
    hostUserErrors(spec, field, write),
    placementErrors(spec, field, write),
    classErrors(spec, field),
    validateOS(spec, field),
    hostnameOverrideErrors(spec, field),
    groupErrors(spec, `${field}.schedulingGroup`),
  );
}

function gateErrors(spec: PodSpec, field: string): FieldError[] {
  const errors = (spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
    nameErrors(`${field}.readinessGates[${i}].conditionType`, conditionType ?? "", labelKey),
  );
  const seen = new Set<string>();
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    errors.push(...nameErrors(`${field}.schedulingGates[${i}]`, name ?? "", labelKey));
    if (seen.has(name)) errors.push(duplicate(`${field}.schedulingGates[${i}]`, name));
    seen.add(name);
  }
  return errors;
}

function hostUserErrors(spec: PodSpec, field: string, { featureEnabled }: WriteContext): FieldError[] {
  if (spec.hostUsers ?? true) return [];
  const names = [
    ...(featureEnabled("UserNamespacesHostNetworkSupport") ? [] : (["hostNetwork"] as const)),
    ...(["hostPID", "hostIPC"] as const),
  ];
  const errors = names
    .filter((name) => spec[name])
    .map((name) => forbiddenField(`${field}.${name}`, "when `hostUsers` is false"));
  for (const list of ["containers", "initContainers"] as const)
    for (const [i, { volumeDevices }] of (spec[list] ?? []).entries())
      if (volumeDevices?.length)
        errors.push(forbiddenField(`${field}.${list}[${i}].volumeDevices`, "when `hostUsers` is false"));
  return errors;
}

function placementErrors(spec: PodSpec, field: string, write: WriteContext): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.serviceAccountName)
    errors.push(...nameErrors(`${field}.serviceAccountName`, spec.serviceAccountName, dns1123Subdomain));
  if (spec.nodeName) errors.push(...nameErrors(`${field}.nodeName`, spec.nodeName, dns1123Subdomain));
  if (spec.activeDeadlineSeconds !== undefined)
    errors.push(...rangeErrors(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, MAX_INT32));
  if (spec.hostname) errors.push(...nameErrors(`${field}.hostname`, spec.hostname, dns1123Label));
  if (spec.subdomain) errors.push(...nameErrors(`${field}.subdomain`, spec.subdomain, dns1123Label));
  errors.push(...validateTolerations(spec.tolerations, `${field}.tolerations`, write));
  return joined(errors, validateHostAliases(spec.hostAliases, `${field}.hostAliases`));
}

function classErrors(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.priorityClassName)
    errors.push(...nameErrors(`${field}.priorityClassName`, spec.priorityClassName, dns1123Subdomain));
  if (spec.runtimeClassName !== undefined)
    errors.push(...nameErrors(`${field}.runtimeClassName`, spec.runtimeClassName, dns1123Subdomain));
  if (spec.preemptionPolicy !== undefined)
    errors.push(...oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, ["PreemptLowerPriority", "Never"]));
  if (spec.overhead) {
    const limits = { limits: spec.overhead };
    errors.push(...validateResources(limits, `${field}.overhead`, containerResourceName, new Set()));
  }
  return errors;
}

function groupErrors({ schedulingGroup: group }: PodSpec, field: string): FieldError[] {
  if (!group) return [];
  if (group.podGroupName === undefined) return [invalidValue(field, "", "must specify one of: `podGroupName`")];
  return nameErrors(`${field}.podGroupName`, group.podGroupName, dns1123Subdomain);
}

function hostnameOverrideErrors(spec: PodSpec, field: string): FieldError[] {
  const { hostnameOverride } = spec;
  if (hostnameOverride === undefined) return [];
  const at = `${field}.hostnameOverride`;
  const errors = nameErrors(at, hostnameOverride, dns1123Subdomain);
  if (hostnameOverride.length > MAX_HOSTNAME_OVERRIDE) {
    const detail = `must be no more than ${MAX_HOSTNAME_OVERRIDE} characters`;
    errors.push(invalidValue(at, hostnameOverride, detail));
  }
  if (spec.setHostnameAsFQDN) errors.push(forbiddenField(at, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork) errors.push(forbiddenField(at, "may not be specified when hostNetwork is true"));
  return errors;
}

function claimErrors(claims: readonly PodResourceClaim[] | undefined, field: string): FieldError[] {
  const seen = new Set<string>();
  return (claims ?? []).flatMap((claim, i) => {
    const at = `${field}[${i}]`;
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const errors = requiredName(`${at}.name`, name, dns1123Label);
    if (name && seen.has(name)) errors.push(duplicate(`${at}.name`, name));
    seen.add(name);
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      errors.push(invalidValue(at, claim, detail));
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      errors.push(invalidValue(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
    for (const [key, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName }))
      if (value !== undefined) errors.push(...nameErrors(`${at}.${key}`, value, dns1123Subdomain));
    return errors;
  });
}

/** The one restart policy that a workload's template may have. */
export const onlyRestartPolicy = (spec: PodSpec, field: string, allowed: string): FieldError[] =>
  known(`${field}.restartPolicy`, spec.restartPolicy ?? "", [allowed]);

/** Deadlines make no sense for pods that are to run for ever. */
export const noDeadline = (spec: PodSpec, field: string, kind: string): FieldError[] =>
  spec.activeDeadlineSeconds === undefined
    ? []
    : [forbiddenField(`${field}.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`)];

/** Tokens can be mounted only for an account that is named. */
export const tokenVolumeErrors = (spec: PodSpec, field: string): FieldError[] =>
  spec.serviceAccountName
    ? []
    : (spec.volumes ?? []).flatMap((volume, i) =>
        (volume.projected?.sources ?? []).flatMap((source, j) => {
          const path = `${field}.volumes[${i}].projected.sources[${j}].serviceAccountToken`;
          const detail = "must not be specified when serviceAccountName is not set";
          return source.serviceAccountToken ? [forbiddenField(path, detail)] : [];
        }),
      );
