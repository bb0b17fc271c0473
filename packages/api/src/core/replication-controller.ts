/** Replication controllers: so many pods of one template, as it was before ReplicaSets. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { dns1123Label } from "@kubets/machinery/names";
import { define, keepPart, statusPart } from "../define.ts";
import { replicationcontrollers } from "../generated/refs.ts";
import type { ReplicationController } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { nonNegative } from "../pod/field-checks.ts";
import { noDeadline, onlyRestartPolicy } from "../pod/validate-spec.ts";
import { validatePodTemplateSpec } from "../pod/validate-template.ts";
import { podWarnings } from "../pod/warnings.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { containerNames, imageNames, labelText } from "./workload-cells.ts";

export const replicationControllerResource = define(replicationcontrollers, {
  shortNames: ["rc"],
  categories: ["all"],
  storagePrefix: "/registry/controllers",
  countsGeneration: true,
  defaultPropagation: "Orphan",
  defaults,
  prepareForCreate: (controller) => {
    controller.status = { replicas: 0 };
  },
  prepareForUpdate: (controller, old) => keepPart(controller, old, "status"),
  validate,
  validateUpdate: (controller, _old, context) => validate(controller, context),
  warnings,
  selectableFields: { "status.replicas": ({ status }) => String(status.replicas) },
  subresources: {
    status: statusPart<ReplicationController>({ validateUpdate: statusErrors }),
    scale: {
      type: "scale",
      replicas: {
        spec: ({ spec }) => spec.replicas ?? 0,
        status: ({ status }) => status.replicas,
        selector: ({ spec }) => (spec.selector ? labelText(spec.selector) : ""),
        setSpec: ({ spec }, replicas) => {
          spec.replicas = replicas;
        },
      },
    },
  },
  table: {
    columns: [
      nameColumn,
      column("Desired", "integer"),
      column("Current", "integer"),
      column("Ready", "integer"),
      column("Age"),
      wide("Containers"),
      wide("Images"),
      wide("Selector"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.replicas ?? 0,
      status.replicas,
      status.readyReplicas ?? 0,
      age(metadata.creationTimestamp, now),
      containerNames(spec.template?.spec),
      imageNames(spec.template?.spec),
      labelText(spec.selector),
    ],
  },
});

/** The labels of the pods are those of the controller, unless somebody says otherwise. */
function defaults({ metadata, spec }: Draft<ReplicationController>): void {
  if (!spec) return;
  spec.replicas ??= 1;
  if (!spec.template) return;
  defaultPodTemplate(spec.template);
  const { labels } = spec.template.metadata;
  if (!labels) return;
  if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
  if (!metadata.labels || Object.keys(metadata.labels).length === 0) metadata.labels = { ...labels };
}

function validate({ spec }: ReplicationController, context: WriteContext): FieldError[] {
  const selector = Object.entries(spec.selector ?? {});
  const errors = nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  if (selector.length === 0) errors.push(required("spec.selector"));
  errors.push(...nonNegative("spec.replicas", spec.replicas));
  const { template } = spec;
  const field = "spec.template";
  if (!template) return [...errors, required(field)];
  const labels = template.metadata.labels;
  if (!selector.every(([key, value]) => labels?.[key] === value)) {
    const detail = "`selector` does not match template `labels`";
    errors.push(invalidValue(`${field}.metadata.labels`, labels ?? null, detail));
  }
  errors.push(...validatePodTemplateSpec(template, field, context));
  if (template.spec.restartPolicy) errors.push(...onlyRestartPolicy(template.spec, `${field}.spec`, "Always"));
  return [...errors, ...noDeadline(template.spec, `${field}.spec`, "ReplicationController")];
}

const COUNTS = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const;

function statusErrors({ status }: ReplicationController): FieldError[] {
  const errors = nonNegative("status.replicas", status.replicas);
  for (const name of COUNTS) errors.push(...nonNegative(`status.${name}`, status[name]));
  errors.push(...nonNegative("status.observedGeneration", status.observedGeneration));
  const above = (name: (typeof COUNTS)[number], other: "replicas" | "readyReplicas", text: string) =>
    (status[name] ?? 0) > (status[other] ?? 0)
      ? [invalidValue(`status.${name}`, status[name], `cannot be greater than ${text}`)]
      : [];
  for (const name of COUNTS) errors.push(...above(name, "replicas", "status.replicas"));
  return [...errors, ...above("availableReplicas", "readyReplicas", "readyReplicas")];
}

function warnings({ metadata, spec }: ReplicationController, old: ReplicationController | undefined): string[] {
  const template = spec.template ? podWarnings(spec.template, "spec.template") : [];
  if (old) return metadata.generation === old.metadata.generation ? [] : template;
  const texts = dns1123Label(metadata.name ?? "");
  if (texts.length === 0) return template;
  const says = "this is used in Pod names and hostnames, which can result in surprising behavior";
  return [`metadata.name: ${says}; a DNS label is recommended: [${texts.join(" ")}]`, ...template];
}
