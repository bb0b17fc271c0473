/** What is allowed in a pod and yet most likely a mistake: told in Warning headers. */
import { joined } from "@kubets/machinery/joined";
import { dns1123Label } from "@kubets/machinery/names";
import { tryParseQuantity } from "@kubets/machinery/quantity";
import type { Container, EphemeralContainer, PodSpec } from "../generated/types/core-v1.ts";
import { APP_ARMOR_PREFIX, SECCOMP_CONTAINER_PREFIX, SECCOMP_POD } from "./annotation-names.ts";
import { placedContainers } from "./containers.ts";
import { deprecatedNodeLabel } from "./deprecated-labels.ts";
import { duplicatePorts } from "./port-warnings.ts";
import { volumeWarnings } from "./volume-warnings.ts";

type Annotations = Readonly<Record<string, string>>;
interface Template {
  readonly metadata?: { readonly annotations?: Annotations };
  readonly spec: PodSpec;
}

const NULL_SELECTOR = "a null labelSelector results in matching no pod";

/** `field` is where the template stands ("spec.template"), or "" for a pod itself. */
export function podWarnings({ metadata, spec }: Template, field = ""): string[] {
  if (!spec) return [];
  const at = field ? `${field}.spec` : "spec";
  const annotations = metadata?.annotations ?? {};
  const notes = field ? `${field}.metadata.annotations` : "metadata.annotations";
  return joined(
    labelWarnings(spec, at),
    annotationWarnings(annotations, notes),
    volumeWarnings(spec, at),
    listWarnings(spec, at),
    fractional(spec.overhead, `${at}.overhead`),
    profileWarnings(spec, annotations, notes),
    placedContainers(spec, at).flatMap(({ container, field: path }) =>
      containerWarnings(container, path, spec, annotations, notes, field === ""),
    ),
    duplicatePorts(spec, at),
    graceWarnings(spec, at),
    affinityWarnings(spec, at),
  );
}

/** A pod's name is its hostname. */
export function hostnameWarnings({ metadata }: { readonly metadata: { readonly name: string } }): string[] {
  const texts = dns1123Label(metadata.name);
  if (!texts.length) return [];
  const says =
    "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${says}: [${texts.join(" ")}]`];
}

function labelWarnings(spec: PodSpec, at: string): string[] {
  const found: string[] = [];
  if (!spec.nodeSelector && !spec.affinity && !spec.topologySpreadConstraints) return found;
  const say = (path: string, key: string, prefix = "") => {
    const text = deprecatedNodeLabel(key);
    if (text) found.push(`${path}: ${prefix}${text}`);
  };
  for (const key of Object.keys(spec.nodeSelector ?? {})) say(`${at}.nodeSelector[${key}]`, key);
  const affinity = spec.affinity?.nodeAffinity;
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const base = `${at}.affinity.nodeAffinity`;
  for (const [i, { matchExpressions }] of required.entries())
    for (const [j, { key }] of (matchExpressions ?? []).entries())
      say(
        `${base}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}].matchExpressions[${j}].key`,
        key,
        `${key} is `,
      );
  for (const [i, { preference }] of preferred.entries())
    for (const [j, { key }] of (preference?.matchExpressions ?? []).entries())
      say(
        `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference.matchExpressions[${j}].key`,
        key,
        `${key} is `,
      );
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    say(`${at}.topologySpreadConstraints[${i}].topologyKey`, topologyKey, `${topologyKey} is `);
    if (!labelSelector) found.push(`${at}.topologySpreadConstraints[${i}].labelSelector: ${NULL_SELECTOR}`);
  }
  return found;
}

const OLD_ANNOTATIONS: Annotations = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

function annotationWarnings(annotations: Annotations, field: string): string[] {
  const found: string[] = [];
  for (const key in OLD_ANNOTATIONS)
    if (annotations[key] !== undefined) found.push(`${field}[${key}]: ${OLD_ANNOTATIONS[key]}`);
  return found;
}

function listWarnings(spec: PodSpec, at: string): string[] {
  const found: string[] = [];
  if (!spec.hostAliases && !spec.imagePullSecrets) return found;
  const ips = new Set<string>();
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (ips.has(ip)) found.push(`${at}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`);
    ips.add(ip);
  }
  const names = new Set<string>();
  for (const [i, { name = "" }] of (spec.imagePullSecrets ?? []).entries()) {
    const path = `${at}.imagePullSecrets[${i}].name`;
    if (!name) found.push(`${path}: invalid empty name ""`);
    else if (names.has(name)) found.push(`${path}: duplicate name ${JSON.stringify(name)}`);
    names.add(name);
  }
  return found;
}

const BYTES: readonly string[] = ["memory", "ephemeral-storage"];

function fractional(list: Annotations | undefined, path: string, names = BYTES): string[] {
  if (!list) return [];
  return names.flatMap((name) => {
    const text = list[name];
    const quantity = text === undefined ? undefined : tryParseQuantity(text);
    return quantity && quantity.scaled(-3) % 1000n !== 0n
      ? [`${path}[${name}]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`]
      : [];
  });
}

const useField = (name: string) => `use the "${name}" field instead`;

const profileWarnings = (spec: PodSpec, annotations: Annotations, field: string): string[] =>
  annotations[SECCOMP_POD] !== undefined && !spec.securityContext?.seccompProfile
    ? [`${field}[${SECCOMP_POD}]: non-functional in v1.27+; ${useField("seccompProfile")}`]
    : [];

function containerWarnings(
  container: Container | EphemeralContainer,
  path: string,
  { securityContext }: PodSpec,
  annotations: Annotations,
  notes: string,
  ofPod: boolean,
): string[] {
  const own = container.securityContext;
  const found: string[] = [];
  const seccomp = `${SECCOMP_CONTAINER_PREFIX}${container.name}`;
  if (annotations[seccomp] !== undefined && !own?.seccompProfile)
    found.push(`${notes}[${seccomp}]: non-functional in v1.27+; ${useField("seccompProfile")}`);
  const appArmor = `${APP_ARMOR_PREFIX}${container.name}`;
  // In a pod the field has been filled from the annotation by now.
  const said = !ofPod && (own?.appArmorProfile || securityContext?.appArmorProfile);
  if (annotations[appArmor] !== undefined && !said)
    found.push(`${notes}[${appArmor}]: deprecated since v1.30; ${useField("appArmorProfile")}`);
  if (container.resources)
    for (const name of BYTES)
      for (const list of ["limits", "requests"] as const)
        found.push(...fractional(container.resources[list], `${path}.resources.${list}`, [name]));
  if (!container.env) return found;
  const defined = new Set<string>();
  container.env.forEach(({ name }, i) => {
    if (defined.has(name))
      found.push(
        `${path}.env[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    defined.add(name);
  });
  return found;
}

const graceWarnings = (spec: PodSpec, at: string): string[] =>
  (spec.terminationGracePeriodSeconds ?? 0) < 0
    ? [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
    : [];

function affinityWarnings({ affinity }: PodSpec, at: string): string[] {
  const found: string[] = [];
  if (!affinity) return found;
  for (const name of ["podAffinity", "podAntiAffinity"] as const) {
    const required = affinity[name]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity[name]?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const base = `${at}.affinity.${name}`;
    for (const [i, { labelSelector }] of required.entries())
      if (!labelSelector)
        found.push(`${base}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${NULL_SELECTOR}`);
    for (const [i, { podAffinityTerm }] of preferred.entries())
      if (!podAffinityTerm?.labelSelector)
        found.push(
          `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm.labelSelector: ${NULL_SELECTOR}`,
        );
  }
  return found;
}
