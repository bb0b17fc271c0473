/**
 * Objects that are too large for one turn of the event loop. What walks over the object of a call goes through here: over most at once, over a large one in
 * turns with other work.
 */
import { inTurns, myTurn } from "@kubets/machinery/turns";
import type { ApiCall } from "./api-call.ts";

/** What is split where a value is large. */
export type Container = Readonly<Record<string, unknown>>;

/** Bodies from this size on. */
export const LARGE_BYTES = 32 * 1024;
/** As many values, or characters of texts, make what came as an object large. */
const MANY = 1000;
/** As many members of a large container are taken together, if none of them is large. */
const TOGETHER = 200;
/** What stands deeper is not split. */
export const DEEPEST = 32;

export function walked<T>(call: Pick<ApiCall, "isLarge">, walk: () => T): T | Promise<T> {
  return call.isLarge ? myTurn().then(() => inTurns(walk)) : walk();
}

/** Whether a value that did not come as bytes is large; looks no further than it takes to know. */
export function isLarge(value: unknown): boolean {
  let left = MANY;
  let characters = LARGE_BYTES;
  const look = (at: unknown): void => {
    left--;
    if (typeof at === "string") characters -= at.length;
    if (left < 0 || characters < 0 || typeof at !== "object" || at === null) return;
    for (const key in at) {
      look((at as Record<string, unknown>)[key]);
      if (left < 0 || characters < 0) return;
    }
  };
  look(value);
  return left < 0 || characters < 0;
}

export const isLargeContainer = (value: unknown): value is Container =>
  typeof value === "object" && value !== null && isLarge(value);

/** The keys of a large container in their order: of each member that is one itself alone, of others together. */
export function* keysOf(container: Container): Generator<{ readonly keys: string[]; readonly large?: Container }> {
  let keys: string[] = [];
  for (const key of Object.keys(container)) {
    const member = container[key];
    const large = isLargeContainer(member) ? member : undefined;
    if (large && keys.length > 0) yield { keys };
    if (large) yield { keys: [key], large };
    else if (keys.push(key) < TOGETHER) continue;
    else yield { keys };
    keys = [];
  }
  if (keys.length > 0) yield { keys };
}
