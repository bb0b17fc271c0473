/**
 * The checks of a custom kind's versions. What all versions have in common is named by the fields of old that stood beside the versions
 * ("spec.validation"), as the original's messages do.
 */
import { dns1035Label, type FieldError, invalidValue, required } from "@kubets/machinery";
import { sameValue } from "../field-checks.ts";
import type { CustomResourceDefinitionVersion, JSONSchemaProps } from "../generated/types/apiextensions-v1.ts";
import { columnErrors, scaleErrors } from "./printing-and-scale.ts";
import { selectableErrors } from "./selectable-fields.ts";
import { rootErrorsWithStatus, rootSchemaErrors } from "./structural-schema.ts";

type Version = CustomResourceDefinitionVersion;
const MAX_WARNING = 256;

export function versionsErrors(versions: readonly Version[]): FieldError[] {
  const common = commonParts(versions);
  const errors = versions.flatMap((version, i) => versionErrors(version, common, `spec.versions[${i}]`));
  const shown = versions.map((version) => shownVersion(version, common));
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalidValue("spec.versions", shown, "must contain unique version names"));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue("spec.versions", shown, "must have exactly one version marked as storage version"));
  const [first] = versions;
  if (!first) return errors;
  errors.push(...labelErrors(first.name, "spec.version"));
  return [
    ...errors,
    ...(Object.keys(PLACES) as Part[]).flatMap((part) => (common.has(part) ? PLACES[part].check(first, "spec") : [])),
  ];
}

type Part = "schema" | "subresources" | "additionalPrinterColumns" | "selectableFields";

/** Which parts are the same in all versions. */
const commonParts = (versions: readonly Version[]): ReadonlySet<Part> =>
  new Set(
    (Object.keys(PLACES) as Part[]).filter((part) => versions.every((v) => sameValue(v[part], versions[0]?.[part]))),
  );

const schemaOf = ({ schema }: Version): JSONSchemaProps | undefined => schema?.openAPIV3Schema;

/** The checks of each part, below a version or below the whole spec. */
const PLACES: Readonly<Record<Part, { check(version: Version, field: string): FieldError[] }>> = {
  schema: {
    check(version, field) {
      const schema = schemaOf(version);
      if (!schema) return [];
      const at = `${field}.${field === "spec" ? "validation" : "schema"}.openAPIV3Schema`;
      return [
        ...(version.subresources?.status ? rootErrorsWithStatus(schema, at) : []),
        ...rootSchemaErrors(schema, at),
      ];
    },
  },
  subresources: {
    check: ({ subresources }, field) =>
      subresources?.scale ? scaleErrors(subresources.scale, `${field}.subresources.scale`) : [],
  },
  additionalPrinterColumns: {
    check: ({ additionalPrinterColumns: columns = [] }, field) =>
      columns.flatMap((column, i) => columnErrors(column, `${field}.additionalPrinterColumns[${i}]`)),
  },
  selectableFields: {
    check: (version, field) =>
      selectableErrors(version.selectableFields ?? [], schemaOf(version), `${field}.selectableFields`),
  },
};

function versionErrors(version: Version, common: ReadonlySet<Part>, field: string): FieldError[] {
  const errors = [
    ...labelErrors(version.name, `${field}.name`),
    ...warningErrors(version, `${field}.deprecationWarning`),
  ];
  if (!schemaOf(version)) errors.push(required(`${field}.schema.openAPIV3Schema`));
  return [
    ...errors,
    ...(Object.keys(PLACES) as Part[]).flatMap((part) => (common.has(part) ? [] : PLACES[part].check(version, field))),
  ];
}

function labelErrors(name: string, field: string): FieldError[] {
  const texts = dns1035Label(name);
  return texts.length ? [invalidValue(field, name, texts.join(","))] : [];
}

function warningErrors({ deprecated, deprecationWarning: warning }: Version, field: string): FieldError[] {
  if (warning == null) return [];
  const errors: FieldError[] = [];
  const wrong = (detail: string) => errors.push(invalidValue(field, warning, detail));
  if (!deprecated) wrong("can only be set for deprecated versions");
  if (warning.length > MAX_WARNING) wrong(`must be <= ${MAX_WARNING} characters long`);
  if (warning === "") wrong("must not be an empty string");
  const bad = warning.search(/\p{C}/u);
  if (bad >= 0) wrong(`must only contain printable UTF-8 characters; non-printable character found at index ${bad}`);
  return errors;
}

function shownVersion(version: Version, common: ReadonlySet<Part>) {
  const own = (part: Part) => (common.has(part) ? null : (version[part] ?? null));
  return {
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: own("schema"),
    Subresources: own("subresources"),
    AdditionalPrinterColumns: own("additionalPrinterColumns"),
    SelectableFields: own("selectableFields"),
  };
}
