/**
 * The schema of a custom kind, as its definition writes it: the walks over objects (prune, default, validate, merge) go by it as it
 * stands, so that a definition costs no more than its own text. Only structural schemas come here: definitions are checked before.
 */
import { getOwn } from "@kubets/machinery/json-value";
import type { JSONSchemaProps } from "../generated/types/apiextensions-v1.ts";

export type Schema = JSONSchemaProps;

export const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const propertyOf = ({ properties }: Schema, name: string): Schema | undefined =>
  properties && getOwn(properties, name);

export const itemsOf = ({ items }: Schema): Schema | undefined => (isSchema(items) ? items : undefined);

/** What a map's values are; undefined for a map of anything, too. */
export const valuesOf = ({ additionalProperties: values }: Schema): Schema | undefined =>
  isSchema(values) ? values : undefined;

/** What stands under a name of an object: the property that is called so, or else any value of a map. */
export const memberOf = (schema: Schema, name: string): Schema | undefined =>
  propertyOf(schema, name) ?? valuesOf(schema);

export const keepsUnknown = (schema: Schema): boolean => schema["x-kubernetes-preserve-unknown-fields"] === true;
export const isEmbedded = (schema: Schema): boolean => schema["x-kubernetes-embedded-resource"] === true;
export const isIntOrString = (schema: Schema): boolean => schema["x-kubernetes-int-or-string"] === true;

/** Where a null says nothing. */
export const forbidsNull = (schema: Schema | undefined): boolean => schema !== undefined && !schema.nullable;

/** The members that all objects have, embedded ones too; their form is not the schema's to say. */
export const isMetaMember = (name: string): boolean => name === "apiVersion" || name === "kind" || name === "metadata";

/** A place in an object, as messages write it: "spec.list[0].a". */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

export function placeText(place: Place | undefined): string {
  if (!place) return "";
  const before = placeText(place.parent);
  if (typeof place.key === "number") return `${before}[${place.key}]`;
  return before === "" ? place.key : `${before}.${place.key}`;
}
