/**
 * What all objects have in common, and how types say who may change what: everything that the API hands out is readonly; `Draft` is an
 * object of one's own that is still being made, `Input` what a client sends.
 */
import type { ObjectMeta } from "./generated/types/meta-v1.ts";

export interface ClusterMeta extends ObjectMeta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
}

export interface NamespacedMeta extends ClusterMeta {
  readonly namespace: string;
}

/** Any object of the API. */
export interface KubeObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: ClusterMeta;
}

/** The same object while it is being made, by its one owner. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? Draft<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T;

/** What a client sends: everything may be left out; the server says what it misses. */
export type Input<T> = T extends readonly (infer Item)[]
  ? readonly Input<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: Input<T[K]> }
    : T;

/** A plain JSON object whose type is not known here. */
export type PlainObject = Record<string, unknown>;

/**
 * The list that a required list field has when none was given. It reads as an empty list and is written as `null`, as the original
 * writes a nil slice.
 */
export const absentList: readonly never[] = Object.freeze(
  Object.defineProperty([] as never[], "toJSON", { value: () => null }),
);
