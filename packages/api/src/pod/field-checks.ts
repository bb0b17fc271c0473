/** Checks of single values that the validation of pods, volumes and their neighbours share. */
import { type FieldError, invalidValue, notSupported, required, tooLong } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { inRange, type NameCheck, portName, portNumber } from "@kubets/machinery/names";

/** One error for each text of a name's check. */
export const nameErrors = (field: string, value: string, check: NameCheck): FieldError[] =>
  check(value).map((text) => invalidValue(field, value, text));

/** As `nameErrors`, where nothing at all is "Required value". */
export const requiredName = (field: string, value: string | undefined, check: NameCheck): FieldError[] =>
  value ? nameErrors(field, value, check) : [required(field)];

export const requiredValue = (field: string, value: string | undefined): FieldError[] =>
  value ? [] : [required(field)];

export const nonNegative = (field: string, value: number | bigint | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalidValue(field, value, "must be greater than or equal to 0")] : [];

export const rangeErrors = (field: string, value: number | bigint, low: number, high: number): FieldError[] =>
  inRange(Number(value), low, high).map((text) => invalidValue(field, value, text));

export const portErrors = (field: string, port: number | undefined): FieldError[] =>
  portNumber(port ?? 0).map((text) => invalidValue(field, port ?? 0, text));

export const portOrName = (field: string, port: number | string | undefined): FieldError[] =>
  typeof port === "string" ? nameErrors(field, port, portName) : portErrors(field, port);

/** A word that must be one of a few: "Required value" when absent. */
export const oneOf = (field: string, value: string | undefined, allowed: readonly string[]): FieldError[] =>
  value ? known(field, value, allowed) : [required(field)];

/** As `oneOf`, for a word that may be absent or empty only if the list says so. */
export const known = (field: string, value: string, allowed: readonly string[]): FieldError[] =>
  allowed.includes(value) ? [] : [notSupported(field, value, allowed)];

/** A path that does not climb. */
export const noBackSteps = (field: string, path: string): FieldError[] =>
  path.split("/").includes("..") ? [invalidValue(field, path, "must not contain '..'")] : [];

/** A path below where it is applied. */
export const localPath = (field: string, path: string): FieldError[] =>
  joined(path.startsWith("/") ? [invalidValue(field, path, "must be a relative path")] : [], noBackSteps(field, path));

/** A local path whose name does not begin with "..", which names the kubelet's own files. */
export function ownedPath(field: string, path: string): FieldError[] {
  const errors = localPath(field, path);
  if (path.startsWith("..") && !path.startsWith("../") && path !== "..")
    errors.push(invalidValue(field, path, "must not start with '..'"));
  return errors;
}

export const absolutePath = (field: string, path: string): FieldError[] =>
  path.startsWith("/") ? [] : [invalidValue(field, path, "must be an absolute path")];

export const fileMode = (field: string, mode: number | undefined): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalidValue(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
    : [];

export const atMostBytes = (field: string, value: string, limit: number): FieldError[] =>
  Buffer.byteLength(value) > limit ? [tooLong(field, limit)] : [];

export const immutable = "field is immutable";
