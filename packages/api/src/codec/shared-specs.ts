/**
 * Specs of new objects that say the same, as those from one template do: from the second one on they are one object, in canonical form and frozen, whose text is
 * written once.
 */
import { deepFreeze } from "@kubets/machinery/freeze";
import { LruCache } from "@kubets/machinery/lru";
import type { PlainObject } from "../meta.ts";
import type { Struct } from "../schema.ts";
import { canonicalStruct } from "./canonical.ts";
import { encodeJson } from "./json.ts";
import { textOfSpec } from "./spec-text.ts";

const MOST = 128;
const LONGEST = 16 * 1024;

/** By how they were written before; null for what was seen once. */
const seen = new WeakMap<Struct, LruCache<string, PlainObject | null>>();
const texts = new WeakMap<object, string>();

/** The canonical form of a new object, which is taken over. */
export function canonicalOfNew(struct: Struct, object: PlainObject): PlainObject {
  const walk = { own: true, asSent: false, unknown: 0 };
  const done = sharedSpec(struct, object["spec"]);
  return done
    ? canonicalStruct(struct, { ...object, spec: done }, { ...walk, done })
    : canonicalStruct(struct, object, walk);
}

function sharedSpec(struct: Struct, spec: unknown): PlainObject | undefined {
  const type = struct.byName.get("spec")?.type;
  if (type?.kind !== "struct" || typeof spec !== "object" || spec === null) return undefined;
  const text = textOfSpec(spec);
  if (text.length > LONGEST) return undefined;
  let ofKind = seen.get(struct);
  if (!ofKind) seen.set(struct, (ofKind = new LruCache(MOST)));
  const known = ofKind.get(text);
  if (known) return known;
  if (known === undefined) {
    ofKind.set(text, null);
    return undefined;
  }
  const shared = deepFreeze(canonicalStruct(type.struct, spec, { own: false, asSent: false, unknown: 0 }));
  ofKind.set(text, shared);
  texts.set(shared, encodeJson(shared));
  return shared;
}

/** The text of an object in canonical form. */
export function encodeWithSpec(object: PlainObject): string {
  const { spec } = object;
  const known = typeof spec === "object" && spec !== null ? texts.get(spec) : undefined;
  if (known === undefined) return encodeJson(object);
  let text = "";
  for (const key in object)
    text += `${text === "" ? "{" : ","}${JSON.stringify(key)}:${key === "spec" ? known : encodeJson(object[key])}`;
  return `${text}}`;
}
