/** Specs by their text: what comes from one template is known again by it. */
import { LruCache } from "@kubets/machinery/lru";
import type { Struct } from "../schema.ts";
import { encodeJson } from "./json.ts";

/** As many templates of a kind are in use at once. */
export const MOST_TEMPLATES = 128;
/** Longer ones are not kept. */
export const LONGEST_SPEC = 16 * 1024;

/** What is known of the specs of each kind, by their texts. */
export class BySpec<V> {
  readonly #kinds = new WeakMap<Struct, LruCache<string, V>>();

  of(struct: Struct): LruCache<string, V> {
    let ofKind = this.#kinds.get(struct);
    if (!ofKind) this.#kinds.set(struct, (ofKind = new LruCache(MOST_TEMPLATES)));
    return ofKind;
  }
}

/** A spec is looked at several times on the way of one write, in which it does not change from validation on. */
let last: { readonly spec: object; readonly text: string | undefined } | undefined;

/** As it stands now; undefined where it is too long to be known by it. */
export function lookAtSpec(spec: object, isLarge = false): string | undefined {
  const text = isLarge ? undefined : encodeJson(spec);
  last = { spec, text: text && text.length <= LONGEST_SPEC ? text : undefined };
  return last.text;
}

/** As it stood when it was looked at last. */
export const textOfSpec = (spec: object): string | undefined => (last?.spec === spec ? last.text : lookAtSpec(spec));
