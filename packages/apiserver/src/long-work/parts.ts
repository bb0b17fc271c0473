/**
 * A value in parts that can be copied to another thread one by one, each in little time: first the value with its large containers empty, then the members
 * of these, some at a time.
 */
import { setOwn } from "@kubets/machinery/json-value";
import { isLarge } from "../large.ts";

export interface Part {
  /** Where the container stands whose members these are; empty for the value itself. */
  readonly path: readonly (string | number)[];
  readonly part: unknown;
}

type Members = Record<string, unknown>;

/** So many members go together, if none of them is large. */
const TOGETHER = 200;
/** What stands deeper is sent as it is. */
const DEEPEST = 32;

export function* partsOf(value: unknown, path: Part["path"] = []): Generator<Part> {
  if (path.length === 0) yield { path, part: isLarge(value) ? emptyOf(value) : value };
  if (!isLarge(value) || typeof value === "string") return;
  const container = value as Members;
  let some: Members = {};
  let count = 0;
  for (const key in container) {
    const member = container[key];
    const below = path.length < DEEPEST && typeof member === "object" && member !== null && isLarge(member);
    setOwn(some, key, below ? emptyOf(member) : member);
    if (!below && ++count % TOGETHER !== 0) continue;
    yield { path, part: some };
    some = {};
    if (below) yield* partsOf(member, [...path, key]);
  }
  yield { path, part: some };
}

const emptyOf = (value: unknown): unknown => (typeof value !== "object" ? value : Array.isArray(value) ? [] : {});

/** Puts a part where it belongs; gives the whole value. */
export function withPart(value: unknown, { path, part }: Part): unknown {
  if (value === undefined) return part;
  let container = value as Members;
  for (const key of path) container = container[key] as Members;
  const members = part as Members;
  for (const key of Object.keys(members)) setOwn(container, key, members[key]);
  return value;
}
