/** Secrets: small pieces of data that not everyone may see. What clients write as text (`stringData`) is kept as bytes. */
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { define } from "../define.ts";
import { secrets } from "../generated/refs.ts";
import type { Secret } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { immutable } from "../pod/field-checks.ts";
import { age, column, nameColumn } from "../table.ts";
import { configKeyErrors } from "./config-key.ts";
import { dockerConfigProblem } from "./docker-config.ts";

const MAX_BYTES = 1024 * 1024;
const IS_IMMUTABLE = "field is immutable when `immutable` is set";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";

/** What a secret of a type must hold. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

export const secretResource = define(secrets, {
  defaults,
  prepareForUpdate: (secret, old) => {
    if (!secret.type && old.type) secret.type = old.type;
  },
  validate,
  validateUpdate: (secret, old) => [...immutableErrors(secret, old), ...validate(secret)],
  warnings: (secret) => (secret.type === "kubernetes.io/tls" ? certificateWarnings(secret) : []),
  selectableFields: { type: ({ type }) => type ?? "" },
  table: {
    columns: [nameColumn, column("Type"), column("Data"), column("Age")],
    cells: ({ metadata, type, data }, now) => [
      metadata.name,
      type,
      Object.keys(data ?? {}).length,
      age(metadata.creationTimestamp, now),
    ],
  },
});

function defaults(secret: Draft<Secret>): void {
  secret.type ||= "Opaque";
  if (!secret.stringData) return;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(secret.stringData)) data[key] = Buffer.from(text).toString("base64");
  secret.data = data;
  delete secret.stringData;
}

function validate(secret: Secret): FieldError[] {
  const { data = {} } = secret;
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...configKeyErrors(`data[${key}]`, key));
    bytes += Buffer.byteLength(value, "base64");
  }
  if (bytes > MAX_BYTES) errors.push(tooLong("data", MAX_BYTES));
  return [...errors, ...typeErrors(secret, data)];
}

function typeErrors({ type = "", metadata }: Secret, data: Readonly<Record<string, string>>): FieldError[] {
  if (type === "kubernetes.io/service-account-token")
    return metadata.annotations?.[ACCOUNT_NAME] ? [] : [required(`metadata.annotations[${ACCOUNT_NAME}]`)];
  if (type === "kubernetes.io/basic-auth")
    return "username" in data || "password" in data
      ? []
      : ["username", "password"].map((key) => required(`data[${key}]`));
  return (REQUIRED_KEYS[type] ?? []).flatMap((key) => {
    const value = data[key];
    if (value === undefined) return [required(`data[${key}]`)];
    const problem = type.includes("docker") ? dockerConfigProblem(Buffer.from(value, "base64").toString()) : undefined;
    return problem ? [invalidValue(`data[${key}]`, "<secret contents redacted>", problem)] : [];
  });
}

function immutableErrors(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = [];
  if (secret.type !== old.type) errors.push(invalidValue("type", secret.type, immutable));
  if (!old.immutable) return errors;
  if (!secret.immutable) errors.push(forbiddenField("immutable", IS_IMMUTABLE));
  if (!deepEqual(secret.data ?? {}, old.data ?? {})) errors.push(forbiddenField("data", IS_IMMUTABLE));
  return errors;
}

function certificateWarnings({ data = {} }: Secret): string[] {
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  if (!/-----BEGIN [^-]+-----/.test(text("tls.crt"))) return ["tls: failed to find any PEM data in certificate input"];
  return /-----BEGIN [^-]+-----/.test(text("tls.key")) ? [] : ["tls: failed to find any PEM data in key input"];
}
