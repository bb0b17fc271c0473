/**
 * CustomResourceDefinitions: kinds that are added while the server runs. That names are accepted and a kind is established is
 * written to the status by the server, after the definition.
 */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { createdColumns } from "../created-columns.ts";
import { define, keepAllBut } from "../define.ts";
import { checkImmutable } from "../field-checks.ts";
import { customresourcedefinitions } from "../generated/refs.ts";
import type { CustomResourceDefinition } from "../generated/types/apiextensions-v1.ts";
import type { Draft } from "../meta.ts";
import { keepStatus } from "../own-status.ts";
import { unknownFormats } from "../structural/validate.ts";
import { approvalErrors } from "./approval.ts";
import { conversionErrors } from "./conversion-checks.ts";
import { acceptedNameErrors, nameErrors } from "./definition-names.ts";
import { versionsErrors } from "./definition-versions.ts";
import { addStoredVersion, storedVersionErrors } from "./stored-versions.ts";
import { markTerminating } from "./terminating.ts";

const UNKNOWN_FIELDS =
  "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";

export const customResourceDefinitionResource = define(customresourcedefinitions, {
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  storagePrefix: "/registry/apiextensions.k8s.io/customresourcedefinitions",
  countsGeneration: true,
  unconditionalUpdate: false,
  // Its objects go first: whoever deletes them takes the finalizer away.
  isHeld: ({ metadata }) => !metadata.deletionTimestamp,
  markDeleted: markTerminating,
  // The name is looked at with the names that it is made of.
  validateName: () => [],
  defaults,
  prepareForCreate: (definition) => {
    definition.status = { acceptedNames: { kind: "", plural: "" }, conditions: [], storedVersions: [] };
    addStoredVersion(definition);
  },
  prepareForUpdate: (definition, old) => {
    keepStatus(definition, old);
    addStoredVersion(definition);
  },
  validate: (definition) => validate(definition, undefined),
  validateUpdate: (definition, old) => [...immutableErrors(definition, old), ...validate(definition, old)],
  warnings: formatWarnings,
  subresources: {
    status: {
      type: "status",
      part: ["status"],
      prepareForUpdate: (definition, old) => {
        keepAllBut<CustomResourceDefinition>("status")(definition, old);
        addStoredVersion(definition);
      },
      validateUpdate: ({ status }) => acceptedNameErrors(status.acceptedNames),
    },
  },
  table: createdColumns,
});

/** Formats that nobody checks: of a schema that was there before, they were told then. */
function formatWarnings(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): string[] {
  const formats = ({ spec }: CustomResourceDefinition) =>
    (spec.versions ?? []).flatMap(({ schema }) =>
      schema?.openAPIV3Schema ? unknownFormats(schema.openAPIV3Schema) : [],
    );
  const known = new Set(old && formats(old));
  const fresh = new Set(formats(definition).filter((format) => !known.has(format)));
  return [...fresh].map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function defaults({ spec }: Draft<CustomResourceDefinition>): void {
  const { names } = spec;
  if (names?.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  const conversion = (spec.conversion ??= { strategy: "None" });
  const service = conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

function validate(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  const { metadata, spec, status } = definition;
  const name = `${spec.names.plural}.${spec.group}`;
  const errors: FieldError[] =
    old || metadata.name === name
      ? []
      : [invalidValue("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group')];
  errors.push(...nameErrors(spec));
  errors.push(...versionsErrors(spec.versions ?? []));
  if (spec.conversion) errors.push(...conversionErrors(spec.conversion));
  errors.push(...acceptedNameErrors(status.acceptedNames));
  errors.push(...storedVersionErrors(status.storedVersions, spec.versions ?? []));
  errors.push(...approvalErrors(definition, old));
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields)
    errors.push(invalidValue("spec.preserveUnknownFields", true, UNKNOWN_FIELDS));
  return errors;
}

/** What is served under a name stays what it is. */
function immutableErrors(
  { spec }: CustomResourceDefinition,
  { spec: old, status }: CustomResourceDefinition,
): FieldError[] {
  const established = status.conditions?.some(({ type, status: is }) => type === "Established" && is === "True");
  return [
    ...(established
      ? [
          ...checkImmutable("spec.scope", spec.scope, old.scope),
          ...checkImmutable("spec.names.kind", spec.names.kind, old.names.kind),
        ]
      : []),
    ...checkImmutable("spec.group", spec.group, old.group),
    ...checkImmutable("spec.names.plural", spec.names.plural, old.names.plural),
  ];
}
