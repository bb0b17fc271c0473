/**
 * The text of whole objects, put together from parts whose text is known: parts that many objects share. JSON.stringify is slow over all of an object as soon as one
 * key has to be escaped, as those of field sets have; here it never sees them together with the rest.
 */
import { deepFreeze } from "@kubets/machinery/freeze";
import type { PlainObject } from "../meta.ts";
import { encodeJson } from "./json.ts";

const texts = new WeakMap<object, string>();

/** A part that is used again and again: it never changes from here on. */
export function keepText<T extends object>(part: T): T {
  texts.set(deepFreeze(part), encodeJson(part));
  return part;
}

/** The text of an object in canonical form. */
export const encodeObject = (object: PlainObject): string =>
  membersOf(object, (key, value) => (key === "metadata" ? encodeMetadata(value as PlainObject) : encodePart(value)));

export const encodeMetadata = (metadata: PlainObject): string =>
  membersOf(metadata, (key, value) =>
    key === "managedFields" && Array.isArray(value) ? `[${value.map(encodeEntry).join(",")}]` : encodeJson(value),
  );

const encodeEntry = (entry: unknown): string =>
  isObject(entry)
    ? membersOf(entry, (key, value) =>
        key === "fieldsV1" && isObject(value) ? membersOf(value, (_, fields) => encodePart(fields)) : encodeJson(value),
      )
    : encodeJson(entry);

function membersOf(object: PlainObject, encode: (key: string, value: unknown) => string): string {
  let text = "";
  for (const key in object) {
    const value = object[key];
    if (value !== undefined) text += `${text === "" ? "{" : ","}${JSON.stringify(key)}:${encode(key, value)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

const encodePart = (value: unknown): string => (isObject(value) ? texts.get(value) : undefined) ?? encodeJson(value);

const isObject = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
