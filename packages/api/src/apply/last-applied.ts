/**
 * The annotation in which kubectl's client-side apply keeps what it applied last. When kubectl itself goes over to server-side apply, fields
 * that the annotation shows to be its own are no conflict; afterwards the annotation is kept up, so that the way back stays open.
 */
import { ownValue } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import type { Struct } from "../schema.ts";
import { compare } from "./compare.ts";
import { difference, emptySet, type FieldSet } from "./field-set.ts";
import { ownedSet } from "./owned-set.ts";
import { shapeOfStruct } from "./struct-shape.ts";
import { typedError } from "./typed-errors.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
const KUBECTL = "kubectl";
const MOST_BYTES = 256 * 1024;

/** The fields that an applying kubectl may take: applied before by it, and still as it left them. */
export function allowedByLastApplied(kind: { readonly schema: Struct }, live: PlainObject, manager: string): FieldSet {
  const text = manager === KUBECTL ? lastApplied(live) : undefined;
  const applied = text && parseObject(text);
  const shape = shapeOfStruct(kind.schema);
  if (!applied || typedError(shape, applied) !== undefined) return emptySet;
  const { changed, removed } = compare(shape, applied, live);
  return difference(difference(ownedSet(shape, applied), changed), removed);
}

/** The object with its annotation brought up to date, if it has one and kubectl applied. */
export function syncLastApplied(object: PlainObject, applied: PlainObject, manager: string): PlainObject {
  if (manager !== KUBECTL || lastApplied(object) === undefined) return object;
  const metadata = object["metadata"] as PlainObject;
  const annotations: PlainObject = { ...(metadata["annotations"] as PlainObject) };
  annotations[ANNOTATION] = `${JSON.stringify(withoutAnnotation(applied))}\n`;
  if (annotationBytes(annotations) > MOST_BYTES) delete annotations[ANNOTATION];
  return { ...object, metadata: { ...metadata, annotations } };
}

function withoutAnnotation(applied: PlainObject): PlainObject {
  const metadata = applied["metadata"] as PlainObject | undefined;
  const annotations = metadata?.["annotations"] as PlainObject | undefined;
  if (!annotations || !Object.hasOwn(annotations, ANNOTATION)) return applied;
  const { [ANNOTATION]: _, ...rest } = annotations;
  return { ...applied, metadata: { ...metadata, annotations: rest } };
}

const annotationBytes = (annotations: PlainObject) =>
  Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );

function lastApplied(object: PlainObject): string | undefined {
  const annotations = (object["metadata"] as PlainObject | undefined)?.["annotations"];
  const text = typeof annotations === "object" && annotations !== null ? ownValue(annotations, ANNOTATION) : undefined;
  return typeof text === "string" ? text : undefined;
}

function parseObject(text: string): PlainObject | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as PlainObject) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
