/** The versions in which objects of a kind may stand in storage: each that was ever the storage version, until somebody has migrated. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../generated/types/apiextensions-v1.ts";
import type { Draft } from "../meta.ts";

const FIELD = "status.storedVersions";

export function addStoredVersion({ spec, status }: Draft<CustomResourceDefinition>): void {
  const storage = spec.versions?.find((version) => version.storage)?.name;
  const stored = status.storedVersions ?? [];
  if (storage !== undefined && !stored.includes(storage)) status.storedVersions = [...stored, storage];
}

export function storedVersionErrors(
  stored: readonly string[] | undefined,
  versions: readonly CustomResourceDefinitionVersion[],
): FieldError[] {
  if (!stored?.length) return [invalidValue(FIELD, null, "must have at least one stored version")];
  const errors = versions
    .filter(({ name, storage }) => storage && !stored.includes(name))
    .map(({ name }) => invalidValue(FIELD, stored, `must have the storage version ${name}`));
  for (const [i, version] of stored.entries())
    if (!versions.some(({ name }) => name === version)) {
      const detail = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
      errors.push(invalidValue(`${FIELD}[${i}]`, version, detail));
    }
  return errors;
}
