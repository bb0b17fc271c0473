/**
 * A custom object as its kind knows it: fields that the schema lacks go, and so do nulls where it allows none; keys stand in byte order;
 * metadata, also that of embedded objects, is brought into form by who calls.
 * Makes a new object. Where the places are asked for, each field that went is told.
 */
import { each } from "@kubets/machinery/turns";
import { setKey, sortedKeys } from "../codec/map-keys.ts";
import { sortDeep } from "../codec/sort-deep.ts";
import type { PlainObject } from "../meta.ts";
import {
  forbidsNull,
  isEmbedded,
  isMetaMember,
  itemsOf,
  keepsUnknown,
  type Place,
  placeText,
  propertyOf,
  type Schema,
  valuesOf,
} from "./schema.ts";

interface Pruning {
  /** The form of metadata: of the object itself at no place. Throws where it has none. */
  metadata(value: unknown, at: Place | undefined): unknown;
  /** What stands as apiVersion or kind of an embedded object. Throws where it is none. */
  text(value: unknown, at: Place | undefined): unknown;
  /** A field that goes. */
  unknown(at: Place | undefined): void;
  /** Whether the walk is to know where it stands. */
  readonly withPlaces: boolean;
}

export function pruneObject(schema: Schema, object: PlainObject, pruning: Pruning): PlainObject {
  return new Walk(pruning).members(schema, object, undefined, keepsUnknown(schema), true);
}

/** Any value as a schema knows it; the metadata of embedded objects stays as it is. */
export function pruneValue(schema: Schema, value: unknown): unknown {
  const asIs = (part: unknown) => part;
  return new Walk({ metadata: asIs, text: asIs, unknown() {}, withPlaces: false }).value(
    schema,
    value,
    undefined,
    false,
  );
}

class Walk {
  readonly #pruning: Pruning;

  constructor(pruning: Pruning) {
    this.#pruning = pruning;
  }

  members(
    schema: Schema | undefined,
    object: PlainObject,
    at: Place | undefined,
    keep: boolean,
    isRoot: boolean,
  ): PlainObject {
    const out: PlainObject = {};
    const isObject = isRoot || (schema !== undefined && isEmbedded(schema));
    const keys = sortedKeys(object);
    each(keys.length, (i) => {
      const key = keys[i] as string;
      const value = object[key];
      if (value === undefined) return;
      const place = this.#below(at, key);
      const kept =
        isObject && isMetaMember(key)
          ? this.#meta(key, value, place, isRoot)
          : this.#member(schema, key, value, place, keep);
      if (kept !== undefined) setKey(out, key, kept);
    });
    return out;
  }

  #below(parent: Place | undefined, key: string | number): Place | undefined {
    return this.#pruning.withPlaces ? { parent, key } : undefined;
  }

  #meta(key: string, value: unknown, at: Place | undefined, isRoot: boolean): unknown {
    if (key === "metadata") return value === null && !isRoot ? undefined : this.#pruning.metadata(value, at);
    return isRoot ? value : this.#pruning.text(value, at);
  }

  /** A member's value, or undefined when it goes. */
  #member(schema: Schema | undefined, key: string, value: unknown, at: Place | undefined, keep: boolean): unknown {
    const property = schema && propertyOf(schema, key);
    if (property || (schema && schema.additionalProperties != null)) {
      const member = property ?? valuesOf(schema as Schema);
      return value === null && forbidsNull(member) ? undefined : this.value(member, value, at, false);
    }
    if (keep) return sortDeep(value);
    this.#pruning.unknown(at);
    return undefined;
  }

  value(schema: Schema | undefined, value: unknown, at: Place | undefined, inKept: boolean): unknown {
    if (typeof value !== "object" || value === null) return value;
    const keep = inKept || (schema !== undefined && keepsUnknown(schema));
    if (!Array.isArray(value)) return this.members(schema, value as PlainObject, at, keep, false);
    const items = schema && itemsOf(schema);
    if (keep && !items) return sortDeep(value);
    const out: unknown[] = [];
    each(value.length, (i) => (out[i] = this.value(items, value[i], this.#below(at, i), keep)));
    return out;
  }
}

/** The places of the fields that go, in their order. */
export function unknownFields(
  schema: Schema,
  object: PlainObject,
  others: Omit<Pruning, "unknown" | "withPlaces">,
): string[] {
  const found: string[] = [];
  pruneObject(schema, object, { ...others, withPlaces: true, unknown: (at) => found.push(placeText(at)) });
  return found.sort();
}
