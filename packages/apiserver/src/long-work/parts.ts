/**
 * A value in parts that can be copied to another thread one by one, each in little time: first the value with its large containers empty, then the members
 * of these, some at a time.
 */
import { setOwn } from "@kubets/machinery/json-value";
import { type Container, DEEPEST, isLargeContainer, keysOf } from "../large.ts";

export interface Part {
  /** Where the container stands whose members these are; empty for the value itself. */
  readonly path: readonly (string | number)[];
  readonly part: unknown;
}

export function* partsOf(value: unknown, path: Part["path"] = []): Generator<Part> {
  const isSplit = path.length <= DEEPEST && isLargeContainer(value);
  if (path.length === 0) yield { path, part: isSplit ? emptyOf(value) : value };
  if (!isSplit) return;
  for (const { keys, large } of keysOf(value)) {
    const members: Record<string, unknown> = {};
    const goesOn = large !== undefined && path.length < DEEPEST;
    for (const key of keys) setOwn(members, key, goesOn ? emptyOf(large) : value[key]);
    yield { path, part: members };
    if (goesOn) yield* partsOf(large, [...path, keys[0] as string]);
  }
}

const emptyOf = (value: Container): unknown => (Array.isArray(value) ? [] : {});

/** Puts a part where it belongs; gives the whole value. */
export function withPart(value: unknown, { path, part }: Part): unknown {
  if (value === undefined) return part;
  let container = value as Record<string, unknown>;
  for (const key of path) container = container[key] as Record<string, unknown>;
  const members = part as Container;
  for (const key of Object.keys(members)) setOwn(container, key, members[key]);
  return value;
}
