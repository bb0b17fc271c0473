/** ControllerRevisions: snapshots of a template that StatefulSets and DaemonSets roll back to; their data never changes. */
import { type FieldError, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, checkNonNegative } from "../field-checks.ts";
import { controllerrevisions } from "../generated/refs.ts";
import type { ControllerRevision } from "../generated/types/apps-v1.ts";
import { parseGroupVersion } from "../resource-ref.ts";
import { age, column, nameColumn } from "../table.ts";

export const controllerRevisionResource = define(controllerrevisions, {
  validate,
  validateUpdate: (revision, old) => [
    ...validate(revision),
    ...checkImmutable("data", revision.data ?? null, old.data),
  ],
  table: {
    columns: [nameColumn, column("Controller"), column("Revision"), column("Age")],
    cells: (controllerRevision, now) => [
      controllerRevision.metadata.name,
      controllerName(controllerRevision),
      controllerRevision.revision ?? 0,
      age(controllerRevision.metadata.creationTimestamp, now),
    ],
  },
});

function validate({ data, revision }: ControllerRevision): FieldError[] {
  return [...dataErrors(data), ...checkNonNegative("revision", revision)];
}

function dataErrors(data: unknown): FieldError[] {
  if (data == null) return [required("data", "data is mandatory")];
  return typeof data === "object" && !Array.isArray(data) ? [] : [required("data", "data must be a valid JSON object")];
}

/** "statefulset.apps/web" */
function controllerName({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return "<none>";
  const { group } = parseGroupVersion(owner.apiVersion);
  return `${owner.kind.toLowerCase()}${group ? `.${group}` : ""}/${owner.name}`;
}
