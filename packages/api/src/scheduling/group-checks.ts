/** What holds of groups of pods wherever they are described: in a group itself, and in the templates of a workload. */
import { dns1123Label, duplicate, type FieldError, invalidValue, labelKey, required, tooMany } from "@kubets/machinery";
import { checkOneOf, checkRequired, checkSubdomain } from "../field-checks.ts";
import type {
  PodGroupResourceClaim,
  PodGroupSchedulingConstraints,
  PodGroupSchedulingPolicy,
  PodGroupTemplate,
} from "../generated/types/scheduling-v1alpha2.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { HIGHEST_USER_PRIORITY } from "./priority-class.ts";

/** The gate of both kinds. */
export const GROUPS = "GenericWorkload";
export const CLAIMS = "DRAWorkloadResourceClaims";
const TOPOLOGY = "TopologyAwareWorkloadScheduling";
const PREEMPTION = "WorkloadAwarePreemption";

export const MAX_CLAIMS = 4;
const MAX_TOPOLOGY = 1;

/** What a template and a group have in common. */
type Grouping = Partial<Omit<PodGroupTemplate, "name">>;

const GATED = {
  schedulingConstraints: TOPOLOGY,
  resourceClaims: CLAIMS,
  disruptionMode: PREEMPTION,
  priorityClassName: PREEMPTION,
  priority: PREEMPTION,
} as const;

/** Fields of features that are off count only where they were before. */
export function dropGated(group: Draft<Grouping>, old: Grouping | undefined, { featureEnabled }: WriteContext): void {
  for (const [field, gate] of Object.entries(GATED) as [keyof typeof GATED, string][])
    if (!featureEnabled(gate) && old?.[field] === undefined) delete group[field];
}

export function groupingErrors(group: Grouping, field: string): FieldError[] {
  const { schedulingPolicy, schedulingConstraints, resourceClaims, disruptionMode, priorityClassName, priority } =
    group;
  const errors = [
    ...policyErrors(schedulingPolicy, `${field}.schedulingPolicy`),
    ...constraintsErrors(schedulingConstraints, `${field}.schedulingConstraints`),
    ...namedErrors(resourceClaims, MAX_CLAIMS, claimErrors, `${field}.resourceClaims`),
  ];
  if (disruptionMode !== undefined)
    errors.push(...checkOneOf(`${field}.disruptionMode`, disruptionMode, ["Pod", "PodGroup"]));
  if (priorityClassName) errors.push(...checkSubdomain(`${field}.priorityClassName`, priorityClassName));
  if ((priority ?? 0) > HIGHEST_USER_PRIORITY)
    errors.push(invalidValue(`${field}.priority`, priority, `must be less than or equal to ${HIGHEST_USER_PRIORITY}`));
  return errors;
}

function policyErrors(policy: PodGroupSchedulingPolicy | undefined, field: string): FieldError[] {
  const errors = oneOfErrors(policy ?? {}, ["basic", "gang"], field);
  const count = policy?.gang?.minCount;
  if (count === undefined) return errors;
  // Zero is what a number is that nobody gave.
  if (count === 0) errors.push(required(`${field}.gang.minCount`));
  else if (count < 1) errors.push(invalidValue(`${field}.gang.minCount`, count, "must be greater than or equal to 1"));
  return errors;
}

function constraintsErrors(constraints: PodGroupSchedulingConstraints | undefined, field: string): FieldError[] {
  const topology = constraints?.topology ?? [];
  if (topology.length > MAX_TOPOLOGY) return [tooMany(`${field}.topology`, topology.length, MAX_TOPOLOGY)];
  return topology.flatMap(({ key }, i) => checkRequired(`${field}.topology[${i}].key`, key, labelKey));
}

const CLAIM_BY = ["resourceClaimName", "resourceClaimTemplateName"] as const;

function claimErrors(claim: PodGroupResourceClaim, field: string): FieldError[] {
  return [
    ...oneOfErrors(claim, CLAIM_BY, field),
    ...checkRequired(`${field}.name`, claim.name, dns1123Label),
    ...CLAIM_BY.flatMap((by) => (claim[by] === undefined ? [] : checkSubdomain(`${field}.${by}`, claim[by]))),
  ];
}

/** Things of a list with names, each of which stands there once. */
export function namedErrors<T extends { readonly name: string }>(
  list: readonly T[] | undefined,
  max: number,
  check: (item: T, field: string) => FieldError[],
  field: string,
): FieldError[] {
  const items = list ?? [];
  if (items.length > max) return [tooMany(field, items.length, max)];
  const names = items.map(({ name }) => name);
  return [
    ...items.flatMap((item, i) => (names.indexOf(item.name) < i ? [duplicate(`${field}[${i}]`, item)] : [])),
    ...items.flatMap((item, i) => check(item, `${field}[${i}]`)),
  ];
}

/** Of some fields one is given, and no more. */
export function oneOfErrors(object: object, names: readonly string[], field: string): FieldError[] {
  const quoted = (list: readonly string[]) => list.map((name) => `\`${name}\``).join(", ");
  const given = names.filter((name) => (object as Record<string, unknown>)[name] != null);
  if (given.length === 1) return [];
  return given.length
    ? [invalidValue(field, `{${quoted(given)}}`, `must specify exactly one of: ${quoted(names)}`)]
    : [invalidValue(field, "", `must specify one of: ${quoted(names)}`)];
}
