/** Affinity of a pod to nodes and to other pods, and how its like are spread. */
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { validateLabelSelector } from "@kubets/machinery/label-selector";
import { dns1123Label, labelKey } from "@kubets/machinery/names";
import type { Affinity, PodAffinity, PodAffinityTerm, TopologySpreadConstraint } from "../generated/types/core-v1.ts";
import type { LabelSelector } from "../generated/types/meta-v1.ts";
import { known, nameErrors, oneOf } from "./field-checks.ts";
import { validateNodeSelector, validateNodeTerm } from "./validate-node-selector.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function validateAffinity(affinity: Affinity | undefined, field: string): FieldError[] {
  if (!affinity) return [];
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const errors: FieldError[] = [];
  if (nodeAffinity) {
    const at = `${field}.nodeAffinity`;
    const must = nodeAffinity[REQUIRED];
    if (must) errors.push(...validateNodeSelector(must, `${at}.${REQUIRED}`));
    for (const [i, { weight, preference }] of (nodeAffinity[PREFERRED] ?? []).entries()) {
      errors.push(...weightErrors(weight, `${at}.${PREFERRED}[${i}].weight`));
      errors.push(...validateNodeTerm(preference ?? {}, `${at}.${PREFERRED}[${i}].preference`, true));
    }
  }
  errors.push(...podAffinityErrors(podAffinity, `${field}.podAffinity`));
  return joined(errors, podAffinityErrors(podAntiAffinity, `${field}.podAntiAffinity`));
}

function podAffinityErrors(affinity: PodAffinity | undefined, field: string): FieldError[] {
  const must = affinity?.[REQUIRED] ?? [];
  const wish = affinity?.[PREFERRED] ?? [];
  return joined(
    must.flatMap((term, i) => termErrors(term, `${field}.${REQUIRED}[${i}]`)),
    wish.flatMap(({ weight, podAffinityTerm }, i) =>
      joined(
        weightErrors(weight, `${field}.${PREFERRED}[${i}].weight`),
        termErrors(podAffinityTerm, `${field}.${PREFERRED}[${i}].podAffinityTerm`),
      ),
    ),
  );
}

const weightErrors = (weight: number | undefined, field: string): FieldError[] =>
  (weight ?? 0) < 1 || (weight ?? 0) > 100 ? [invalidValue(field, weight ?? 0, "must be in the range 1-100")] : [];

function termErrors(term: PodAffinityTerm, field: string): FieldError[] {
  const topologyKey = term.topologyKey ?? "";
  const errors = validateLabelSelector(term.labelSelector, `${field}.labelSelector`);
  errors.push(...validateLabelSelector(term.namespaceSelector, `${field}.namespaceSelector`));
  for (const name of term.namespaces ?? []) errors.push(...nameErrors(`${field}.namespace`, name, dns1123Label));
  errors.push(...keyListErrors(term, field));
  if (!topologyKey) errors.push(required(`${field}.topologyKey`, "can not be empty"));
  return joined(errors, nameErrors(`${field}.topologyKey`, topologyKey, labelKey));
}

function keyListErrors(term: PodAffinityTerm, field: string): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  const errors = joined(
    labelKeys(matchLabelKeys, `${field}.matchLabelKeys`, labelSelector),
    labelKeys(mismatchLabelKeys, `${field}.mismatchLabelKeys`, labelSelector),
  );
  for (const [i, key] of matchLabelKeys.entries())
    if (mismatchLabelKeys.includes(key)) {
      const detail = "exists in both matchLabelKeys and mismatchLabelKeys";
      errors.push(invalidValue(`${field}.matchLabelKeys[${i}]`, key, detail));
    }
  return errors;
}

function labelKeys(keys: readonly string[], field: string, selector: LabelSelector | undefined): FieldError[] {
  if (keys.length === 0) return [];
  if (!selector) return [forbiddenField(field, "must not be specified when labelSelector is not set")];
  return keys.flatMap((key, i) => nameErrors(`${field}[${i}]`, key, labelKey));
}

export function validateSpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  field: string,
): FieldError[] {
  return (constraints ?? []).flatMap((constraint, i) => {
    const at = `${field}[${i}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = constraint;
    const errors: FieldError[] = [];
    if (!(maxSkew > 0)) errors.push(invalidValue(`${at}.maxSkew`, maxSkew ?? 0, "must be greater than zero"));
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, "can not be empty"));
    errors.push(...known(`${at}.whenUnsatisfiable`, whenUnsatisfiable ?? "", ["DoNotSchedule", "ScheduleAnyway"]));
    if (constraints?.slice(i + 1).some((other) => sameSpread(constraint, other)))
      errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
    errors.push(...domainErrors(constraint, `${at}.minDomains`));
    for (const name of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const policy = constraint[name];
      if (policy !== undefined) errors.push(...oneOf(`${at}.${name}`, policy, ["Honor", "Ignore"]));
    }
    errors.push(...spreadKeyErrors(constraint, `${at}.matchLabelKeys`));
    return joined(errors, validateLabelSelector(labelSelector, `${at}.labelSelector`));
  });
}

const sameSpread = (a: TopologySpreadConstraint, b: TopologySpreadConstraint) =>
  a.topologyKey === b.topologyKey && a.whenUnsatisfiable === b.whenUnsatisfiable;

function domainErrors({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, field: string): FieldError[] {
  if (minDomains === undefined) return [];
  const errors = minDomains > 0 ? [] : [invalidValue(field, minDomains, "must be greater than zero")];
  if (whenUnsatisfiable !== "DoNotSchedule") {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalidValue(field, minDomains, detail));
  }
  return errors;
}

function spreadKeyErrors(
  { matchLabelKeys = [], labelSelector }: TopologySpreadConstraint,
  field: string,
): FieldError[] {
  if (matchLabelKeys.length === 0) return [];
  if (!labelSelector) return [forbiddenField(field, "must not be specified when labelSelector is not set")];
  const selected = new Set(
    joined(
      Object.keys(labelSelector.matchLabels ?? {}),
      (labelSelector.matchExpressions ?? []).map(({ key }) => key),
    ),
  );
  return matchLabelKeys.flatMap((key, i) =>
    joined(
      nameErrors(`${field}[${i}]`, key, labelKey),
      selected.has(key) && !takenFromPod(key, labelSelector)
        ? [invalidValue(`${field}[${i}]`, key, "exists in both matchLabelKeys and labelSelector")]
        : [],
    ),
  );
}

/** The requirement that the pod's own label became when the pod was made. */
const takenFromPod = (key: string, { matchExpressions }: LabelSelector): boolean =>
  (matchExpressions ?? []).some((it) => it.key === key && it.operator === "In" && it.values?.length === 1);
