/** StatefulSets: pods with ordinals, stable names and volumes of their own. */
import { dns1123Label, dns1123Subdomain, type FieldError, forbiddenField } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, checkNonNegative, sameValue } from "../field-checks.ts";
import { statefulsets } from "../generated/refs.ts";
import type { StatefulSet, StatefulSetSpec } from "../generated/types/apps-v1.ts";
import type { PodTemplateSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { clearStatus, keepStatus, statusSubresource } from "../own-status.ts";
import { defaultClaimSpec } from "../pod/default-claim.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { validateClaimSpec } from "../pod/validate-claim-spec.ts";
import { containerCells, containerColumns, templateWarnings } from "../pod-template.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { scaleOf } from "./scale.ts";
import { managementErrors, retentionErrors, updateStrategyErrors } from "./stateful-set-policies.ts";
import { availableErrors, collisionErrors, countErrors, partErrors } from "./status-checks.ts";
import { alwaysRestartErrors, selectorErrors, templateErrors } from "./template.ts";

/** What may change of a set that is there; its pods' names, volumes and service may not. */
const MUTABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];
const ONLY_MUTABLE =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const KEEPS_ALL =
  "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";

export const statefulSetResource = define(statefulsets, {
  shortNames: ["sts"],
  categories: ["all"],
  countsGeneration: true,
  // Its pods' host names begin with its own.
  validateName: (name) => [...dns1123Subdomain(name), ...(name.includes(".") ? ["must not contain dots"] : [])],
  defaults,
  prepareForCreate: (set, context) => {
    clearStatus<StatefulSet>(set);
    dropMaxUnavailable(set, undefined, context);
  },
  prepareForUpdate: (set, old, context) => {
    keepStatus(set, old);
    dropMaxUnavailable(set, old, context);
  },
  validate: (set, context) => [...validate(set, context), ...claimErrors(set.spec)],
  validateUpdate: (set, old, context) => [...validate(set, context), ...immutableErrors(set, old)],
  warnings: ({ spec }, old) => [
    ...templateWarnings(spec.template, old?.spec.template),
    ...((spec.revisionHistoryLimit ?? 0) < 0 ? [KEEPS_ALL] : []),
  ],
  subresources: { status: statusSubresource(statusErrors), scale: scaleOf() },
  table: {
    columns: [nameColumn, column("Ready"), column("Age"), ...containerColumns],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
      age(metadata.creationTimestamp, now),
      ...containerCells(spec.template),
    ],
  },
});

function defaults({ spec }: Draft<StatefulSet>): void {
  spec.podManagementPolicy ||= "OrderedReady";
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") (strategy.rollingUpdate ??= {}).partition ??= 0;

  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= "Retain";
  retention.whenScaled ||= "Retain";
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = "v1";
    claim.kind = "PersistentVolumeClaim";
    defaultClaimSpec(claim.spec);
    (claim.status ??= {}).phase ||= "Pending";
  }
  defaultPodTemplate(spec.template);
}

/** Taken only where the feature is on, or was when the set got it. */
function dropMaxUnavailable({ spec }: Draft<StatefulSet>, old: StatefulSet | undefined, context: WriteContext): void {
  const rolling = spec.updateStrategy.rollingUpdate;
  const before = old?.spec.updateStrategy.rollingUpdate?.maxUnavailable;
  if (rolling && before == null && !context.featureEnabled("MaxUnavailableStatefulSet")) delete rolling.maxUnavailable;
}

function validate({ spec }: StatefulSet, context: WriteContext): FieldError[] {
  return [
    ...managementErrors(spec.podManagementPolicy),
    ...updateStrategyErrors(spec.updateStrategy, "spec.updateStrategy"),
    ...retentionErrors(spec.persistentVolumeClaimRetentionPolicy, "spec.persistentVolumeClaimRetentionPolicy"),
    ...checkNonNegative("spec.replicas", spec.replicas),
    ...checkNonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...checkNonNegative("spec.ordinals.start", spec.ordinals?.start),
    ...selectorErrors(spec.selector, "statefulset"),
    ...templateErrors({ ...spec, template: withClaims(spec) }, "", context),
    ...alwaysRestartErrors(spec.template, "StatefulSet"),
  ];
}

/** The template as its pods will be: with a volume for each claim that is made for them. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { volumes = [] } = template.spec ?? {};
  const claims = volumeClaimTemplates.flatMap(({ metadata: { name } }) =>
    name && !volumes.some((volume) => volume.name === name)
      ? [{ name, persistentVolumeClaim: { claimName: name } }]
      : [],
  );
  return template.spec && claims.length > 0
    ? { ...template, spec: { ...template.spec, volumes: [...volumes, ...claims] } }
    : template;
}

/** Looked at when the set is made, since they cannot change later. */
function claimErrors({ serviceName, volumeClaimTemplates = [] }: StatefulSetSpec): FieldError[] {
  return [
    ...(serviceName ? checkForm("spec.serviceName", serviceName, dns1123Label) : []),
    ...volumeClaimTemplates.flatMap(({ spec }, i) => validateClaimSpec(spec, `spec.volumeClaimTemplates[${i}].spec`)),
  ];
}

function immutableErrors({ spec }: StatefulSet, { spec: old }: StatefulSet): FieldError[] {
  const fixed = (part: StatefulSetSpec) => Object.entries(part).filter(([name]) => !MUTABLE.includes(name));
  return sameValue(Object.fromEntries(fixed(spec)), Object.fromEntries(fixed(old)))
    ? []
    : [forbiddenField("spec", ONLY_MUTABLE)];
}

function statusErrors({ status }: StatefulSet, { status: old }: StatefulSet): FieldError[] {
  return [
    ...countErrors(status, [
      "replicas",
      "readyReplicas",
      "currentReplicas",
      "updatedReplicas",
      "availableReplicas",
      "observedGeneration",
      "collisionCount",
    ]),
    ...partErrors(status, ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"]),
    ...availableErrors(status, "status.readyReplicas"),
    ...collisionErrors(status, old),
  ];
}
