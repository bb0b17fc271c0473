/** ConfigMaps: small pieces of configuration, as text or bytes, under keys that can be file names. */
import { type FieldError, forbiddenField, invalidValue, tooLong } from "@kubets/machinery";
import { define } from "../define.ts";
import { configmaps } from "../generated/refs.ts";
import type { ConfigMap } from "../generated/types/core-v1.ts";
import { age, column, nameColumn } from "../table.ts";
import { configKeyErrors } from "./config-key.ts";

/** What all values together may hold. */
const MAX_BYTES = 1024 * 1024;

export const configMapResource = define(configmaps, {
  shortNames: ["cm"],
  validate,
  validateUpdate: (configMap, old) => [...immutableErrors(configMap, old), ...validate(configMap)],
  table: {
    columns: [nameColumn, column("Data"), column("Age")],
    cells: ({ metadata, data, binaryData }, now) => [
      metadata.name,
      Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate(configMap: ConfigMap): FieldError[] {
  const { data = {}, binaryData = {} } = configMap;
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...configKeyErrors(`data[${key}]`, key));
    if (key in binaryData) errors.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...configKeyErrors(`binaryData[${key}]`, key));
    bytes += Buffer.byteLength(value, "base64");
  }
  if (bytes > MAX_BYTES) errors.push(tooLong("[]", MAX_BYTES));
  return errors;
}

function immutableErrors(configMap: ConfigMap, old: ConfigMap): FieldError[] {
  if (!old.immutable) return [];
  const errors: FieldError[] = [];
  if (!configMap.immutable) errors.push(forbiddenField("immutable", "field is immutable when `immutable` is set"));
  for (const part of ["data", "binaryData"] as const)
    if (!sameMap(configMap[part], old[part]))
      errors.push(forbiddenField(part, "field is immutable when `immutable` is set"));
  return errors;
}

function sameMap(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
