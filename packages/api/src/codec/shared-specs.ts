/**
 * Specs of new objects that say the same, as those from one template do: from the second one on they are one object, in canonical form, whose text is written once.
 */
import type { PlainObject } from "../meta.ts";
import type { Struct } from "../schema.ts";
import { canonicalStruct } from "./canonical.ts";
import { keepText } from "./known-texts.ts";
import { BySpec, textOfSpec } from "./spec-text.ts";

/** By how they were written before; null for what was seen once. */
const seen = new BySpec<PlainObject | null>();

/** The canonical form of a new object, which is taken over. A large one is not known by its text. */
export function canonicalOfNew(struct: Struct, object: PlainObject, isLarge = false): PlainObject {
  const walk = { own: true, asSent: false, unknown: 0 };
  const done = isLarge ? undefined : sharedSpec(struct, object["spec"]);
  return done
    ? canonicalStruct(struct, { ...object, spec: done }, { ...walk, done })
    : canonicalStruct(struct, object, walk);
}

function sharedSpec(struct: Struct, spec: unknown): PlainObject | undefined {
  const type = struct.byName.get("spec")?.type;
  if (type?.kind !== "struct" || typeof spec !== "object" || spec === null) return undefined;
  const text = textOfSpec(spec);
  if (text === undefined) return undefined;
  const ofKind = seen.of(struct);
  const known = ofKind.get(text);
  if (known) return known;
  if (known === undefined) {
    ofKind.set(text, null);
    return undefined;
  }
  const shared = keepText(canonicalStruct(type.struct, spec, { own: false, asSent: false, unknown: 0 }));
  ofKind.set(text, shared);
  return shared;
}
