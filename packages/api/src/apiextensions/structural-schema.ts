/** The checks of a custom kind's schema: it says the type of every field ("structural"), and leaves out what cannot be followed. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { step } from "@kubets/machinery/stretch";
import type { JSONSchemaProps } from "../generated/types/apiextensions-v1.ts";
import { ruleCheckErrors } from "../rules/rule-checks.ts";
import { patternError } from "../structural/patterns.ts";
import { memberOf } from "../structural/schema.ts";
import { defaultErrors } from "./default-values.ts";
import { listTypeErrors, mapTypeErrors } from "./list-types.ts";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
/** Parts of JSON schema that a kind's schema may not use. */
const REFUSED = ["$ref", "id", "definitions", "dependencies", "patternProperties", "additionalItems"] as const;
const TO_BE_STRUCTURAL = "to be structural";

export function rootSchemaErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const errors = structuralErrors(schema, field);
  return errors.length ? errors : [...ruleCheckErrors(schema, field), ...defaultErrors(schema, field)];
}

/** What keeps a schema from being followed at all. */
export function structuralErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.nullable) errors.push(forbiddenField(`${field}.nullable`, "nullable cannot be true at the root"));
  errors.push(...schemaErrors(schema, field));
  if (!schema.type) errors.push(required(`${field}.type`, "must not be empty at the root"));
  else if (schema.type !== "object")
    errors.push(invalidValue(`${field}.type`, schema.type, "must be object at the root"));
  errors.push(...metaErrors(schema.properties ?? {}, `${field}.properties`));
  return errors.length ? errors : untypedErrors(schema, field);
}

const AT_ROOT =
  "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations";
const allowedAtRoot = new Set([
  ...AT_ROOT.split(" ").map((name) => name.charAt(0).toLowerCase() + name.slice(1)),
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
]);

/** Where the status is written apart, the whole has no rules that reach over both. */
export function rootErrorsWithStatus(schema: JSONSchemaProps, field: string): FieldError[] {
  if (Object.keys(schema).every((name) => allowedAtRoot.has(name))) return [];
  const detail = `only [${AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled`;
  return [invalidValue(field, schema, detail)];
}

/** The fields that all objects have are typed by the server. */
function metaErrors(properties: Readonly<Record<string, JSONSchemaProps>>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["apiVersion", "kind"]) {
    const type = properties[name]?.type;
    if (type && type !== "string") errors.push(invalidValue(`${field}[${name}].type`, type, "must be string"));
  }
  const { metadata } = properties;
  const inside = Object.keys(metadata?.properties ?? {});
  for (const [name, property] of Object.entries(metadata?.properties ?? {}))
    if (property.default !== undefined)
      errors.push(
        forbiddenField(`${field}[metadata].properties[${name}].default`, "must not be set in top-level metadata"),
      );
  if (metadata?.type && metadata.type !== "object")
    errors.push(invalidValue(`${field}[metadata].type`, metadata.type, "must be object"));
  if (inside.some((name) => name !== "name" && name !== "generateName")) {
    const detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
    errors.push(forbiddenField(`${field}[metadata]`, detail));
  }
  return errors;
}

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One schema and all within it, but for what only the root must hold. */
function schemaErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  step(40);
  const errors = [
    ...typeErrors(schema, field),
    ...patternErrors(schema, field),
    ...refusedErrors(schema, field),
    ...extensionErrors(schema, field),
    ...listTypeErrors(schema, field),
    ...mapTypeErrors(schema, field),
    ...ruleErrors(schema, field),
  ];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${field}.properties[${name}]`;
    errors.push(...schemaErrors(property, at));
  }
  for (const part of ["items", "additionalProperties"] as const) {
    const inner = schema[part];
    if (!isSchema(inner)) continue;
    errors.push(...schemaErrors(inner, `${field}.${part}`));
  }
  if (schema.type === "array" && schema.items == null) errors.push(required(`${field}.items`, "must be specified"));
  return [...errors, ...junctorErrors(schema, field)];
}

function typeErrors({ type }: JSONSchemaProps, field: string): FieldError[] {
  if (!type || TYPES.includes(type)) return [];
  const errors = [notSupported(`${field}.type`, type, TYPES)];
  if (type === "null")
    errors.push(forbiddenField(`${field}.type`, "type cannot be set to null, use nullable as an alternative"));
  return errors;
}

function patternErrors({ pattern }: JSONSchemaProps, field: string): FieldError[] {
  const wrong = pattern && patternError(pattern);
  return wrong
    ? [invalidValue(`${field}.pattern`, pattern, `must be a valid regular expression, but isn't: ${wrong}`)]
    : [];
}

const hasTypeOfItsOwn = (schema: JSONSchemaProps): boolean =>
  Boolean(schema["x-kubernetes-int-or-string"] || schema["x-kubernetes-preserve-unknown-fields"]);

/** All fields within that have no type; looked for where nothing else is wrong. */
function untypedErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const { items, additionalProperties: values } = schema;
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      typed(property, `${field}.properties[${name}]`, "object fields"),
    ),
    ...(isSchema(items) ? typed(items, `${field}.items`, "array items") : []),
    ...(isSchema(values) ? typed(values, `${field}.additionalProperties`, "object fields") : []),
  ];
}

const typed = (schema: JSONSchemaProps, field: string, what: string): FieldError[] => [
  ...(schema.type || hasTypeOfItsOwn(schema)
    ? []
    : [required(`${field}.type`, `must not be empty for specified ${what}`)]),
  ...untypedErrors(schema, field),
];

function refusedErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const errors = REFUSED.filter((name) => schema[name] != null).map((name) =>
    forbiddenField(`${field}.${name}`, `${name} is not supported`),
  );
  if (schema.uniqueItems) {
    const detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    errors.push(forbiddenField(`${field}.uniqueItems`, detail));
  }
  if (Array.isArray(schema.items))
    errors.push(forbiddenField(`${field}.items`, "items must be a schema object and not an array"));
  if (Object.keys(schema.properties ?? {}).length && schema.additionalProperties) {
    const detail = "additionalProperties and properties are mutual exclusive";
    errors.push(forbiddenField(`${field}.additionalProperties`, detail));
  }
  return errors;
}

function extensionErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    errors.push(invalidValue(`${field}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"));
  if (schema["x-kubernetes-int-or-string"])
    for (const other of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const)
      if (schema[other])
        errors.push(invalidValue(`${field}.${other}`, true, "must be false if x-kubernetes-int-or-string is true"));
  if (!schema["x-kubernetes-embedded-resource"]) return errors;
  if (!schema["x-kubernetes-preserve-unknown-fields"] && !Object.keys(schema.properties ?? {}).length) {
    const detail =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    errors.push(required(`${field}.properties`, detail));
  }
  if (schema.type && schema.type !== "object")
    errors.push(invalidValue(`${field}.type`, schema.type, "must be object if x-kubernetes-embedded-resource is true"));
  else if (!schema.type)
    errors.push(required(`${field}.type`, "must be object if x-kubernetes-embedded-resource is true"));
  return errors;
}

/** What rules say besides their expressions. */
function ruleErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
  return (schema["x-kubernetes-validations"] ?? []).flatMap(
    ({ rule, message = "", messageExpression, reason, fieldPath }, i) => {
      const at = `${field}.x-kubernetes-validations[${i}]`;
      const errors: FieldError[] = rule?.trim() ? [] : [required(`${at}.rule`, "rule is not specified")];
      if (message !== "" && !message.trim())
        errors.push(invalidValue(`${at}.message`, message, "must be non-empty if specified"));
      else if (message.trim().includes("\n"))
        errors.push(invalidValue(`${at}.message`, message, "must not contain line breaks"));
      else if (message === "" && rule?.trim().includes("\n"))
        errors.push(required(`${at}.message`, "message must be specified if rule contains line breaks"));
      if (messageExpression && !messageExpression.trim())
        errors.push(required(`${at}.messageExpression`, "messageExpression must be non-empty if specified"));
      if (fieldPath) errors.push(...fieldPathErrors(fieldPath, schema, `${at}.fieldPath`));
      if (reason != null && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
      return errors;
    },
  );
}

/** Names behind dots, or quoted in brackets: ".a['b-c']". */
const FIELD_PATH = /^(?:\.[A-Za-z_][A-Za-z0-9_]*|\['(?:[^'\\]|\\.)*'\])+$/;

function fieldPathErrors(path: string, schema: JSONSchemaProps, field: string): FieldError[] {
  if (path.trim() === "") return [invalidValue(field, path, "must be non-empty if specified")];
  if (path.includes("\n")) return [invalidValue(field, path, "must not contain line breaks")];
  const names = FIELD_PATH.test(path) ? path.matchAll(/\.([A-Za-z0-9_]+)|\['((?:[^'\\]|\\.)*)'\]/g) : [];
  let at: JSONSchemaProps | undefined;
  for (const [i, [, plain, quoted = ""]] of [...names].entries()) {
    const from: JSONSchemaProps | undefined = i === 0 ? schema : at;
    at = from && memberOf(from, plain ?? quoted.replace(/\\(.)/g, "$1"));
  }
  return at ? [] : [invalidValue(field, path, "must be a valid path")];
}

/** Within allOf, anyOf, oneOf and not stands only what narrows values; types and defaults stand outside. */
function junctorErrors(schema: JSONSchemaProps, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const part of ["allOf", "anyOf", "oneOf"] as const)
    for (const [i, inner] of (schema[part] ?? []).entries())
      errors.push(...narrowingErrors(inner, `${field}.${part}[${i}]`, schema));
  return schema.not ? [...errors, ...narrowingErrors(schema.not, `${field}.not`, schema)] : errors;
}

function narrowingErrors(schema: JSONSchemaProps, field: string, outer: JSONSchemaProps): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (name: keyof JSONSchemaProps, must: string) =>
    errors.push(forbiddenField(`${field}.${name}`, `must be ${must} ${TO_BE_STRUCTURAL}`));
  if (schema.additionalProperties != null) refuse("additionalProperties", "undefined");
  if (schema.type && !outer["x-kubernetes-int-or-string"]) refuse("type", "empty");
  if (schema.title) refuse("title", "empty");
  if (schema.description) refuse("description", "empty");
  if (schema.default !== undefined) refuse("default", "undefined");
  if (schema.nullable) refuse("nullable", "false");
  errors.push(...junctorErrors(schema, field));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...narrowingErrors(property, `${field}.properties[${name}]`, schema));
  return errors;
}
