/**
 * The text of whole objects, put together from parts whose text is known: parts that many objects share. JSON.stringify is slow over all of an object as soon as one
 * key has to be escaped, as those of field sets have; here it never sees them together with the rest.
 */
import { randomUUID } from "node:crypto";
import { deepFreeze } from "@kubets/machinery/freeze";
import type { PlainObject } from "../meta.ts";
import { encodeJson } from "./json.ts";

const texts = new WeakMap<object, string>();

/** A part that is used again and again: it never changes from here on. */
export function keepText<T extends object>(part: T): T {
  texts.set(deepFreeze(part), encodeJson(part));
  return part;
}

/** Stands for a part until its text is put there. Nobody else knows it. */
const mark = randomUUID();
const MARK = JSON.stringify(mark);

/** The text of an object in canonical form. */
export function encodeObject(object: PlainObject): string {
  const { metadata, spec } = object;
  const text = isObject(spec) ? texts.get(spec) : undefined;
  const marked = { ...object, metadata: mark, ...(text !== undefined && { spec: mark }) };
  const parts = [encodeMetadata(metadata as PlainObject)];
  if (text !== undefined) parts.push(text);
  return filled(encodeJson(marked), parts);
}

export function encodeMetadata(metadata: PlainObject): string {
  const { managedFields } = metadata;
  if (!Array.isArray(managedFields)) return encodeJson(metadata);
  return filled(encodeJson({ ...metadata, managedFields: mark }), [`[${managedFields.map(encodeEntry).join(",")}]`]);
}

function encodeEntry(entry: unknown): string {
  if (!isObject(entry) || !isObject(entry["fieldsV1"])) return encodeJson(entry ?? null);
  return filled(encodeJson({ ...entry, fieldsV1: mark }), [encodeFields(entry["fieldsV1"])]);
}

function encodeFields(fields: PlainObject): string {
  const spec = fields["f:spec"];
  const text = isObject(spec) ? texts.get(spec) : undefined;
  return text === undefined ? encodeJson(fields) : filled(encodeJson({ ...fields, "f:spec": mark }), [text]);
}

/** A text with its parts in the places of the marks. */
function filled(text: string, parts: readonly string[]): string {
  const between = text.split(MARK);
  let all = between[0] as string;
  for (let i = 0; i < parts.length; i++) all += `${parts[i]}${between[i + 1]}`;
  return all;
}

const isObject = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
