/** The defaults of a custom kind's schema: each is a value that the schema itself would take, and keep whole. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { embeddedErrors } from "../custom/embedded.ts";
import { ruleErrors } from "../rules/rule-errors.ts";
import { pruneValue } from "../structural/prune.ts";
import { isEmbedded, isMetaMember, isSchema, type Schema } from "../structural/schema.ts";
import { validateBySchema } from "../structural/validate.ts";

export const defaultErrors = (schema: Schema, field: string): FieldError[] => inProperties(schema, field, true);

function inSchema(schema: Schema, field: string): FieldError[] {
  return [
    ...(schema.default === undefined ? [] : valueErrors(schema, `${field}.default`)),
    ...(isSchema(schema.items) ? inSchema(schema.items, `${field}.items`) : []),
    ...inProperties(schema, field, isEmbedded(schema)),
  ];
}

/** The metadata of objects is not the schema's to default. */
function inProperties({ properties = {} }: Schema, field: string, isObject: boolean): FieldError[] {
  return Object.entries(properties).flatMap(([name, property]) =>
    isObject && isMetaMember(name) ? [] : inSchema(property, `${field}.properties[${name}]`),
  );
}

function valueErrors(schema: Schema, field: string): FieldError[] {
  const { default: value } = schema;
  const unknown = deepEqual(pruneValue(schema, value), value)
    ? []
    : [invalidValue(field, value, "must not have unknown fields")];
  for (const find of [embeddedErrors, bySchema, byRules]) {
    const errors = find(schema, value, field);
    if (errors.length) return [...unknown, ...errors];
  }
  return unknown;
}

const bySchema = (schema: Schema, value: unknown, field: string) => validateBySchema(schema, value, { field });

/** Rules hold for a default that stays as it is, and for one that is new. */
function byRules(schema: Schema, value: unknown, field: string): FieldError[] {
  const { errors, ratcheted } = ruleErrors(schema, value, [], value, field);
  const staying = [...errors, ...ratcheted];
  return staying.length ? staying : ruleErrors(schema, value, [], undefined, field).errors;
}
