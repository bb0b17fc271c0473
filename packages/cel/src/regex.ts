/** Patterns of users, run in time linear in the text; a pattern is compiled once. */
import { step } from "@kubets/machinery/stretch";
import { RE2JS } from "re2js";
import { failure } from "./errors.ts";

const KEPT = 512;
const compiled = new Map<string, RE2JS>();

/** The pattern, compiled; fails for what is none. */
export function pattern(text: string): RE2JS {
  const known = compiled.get(text);
  if (known) return known;
  const fresh = tryPattern(text);
  if (typeof fresh === "string") throw failure(fresh);
  if (compiled.size >= KEPT) compiled.clear();
  compiled.set(text, fresh);
  return fresh;
}

/** The pattern, or what is wrong with it. */
export function tryPattern(text: string): RE2JS | string {
  step(compileSteps(text));
  try {
    return RE2JS.compile(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What compiling takes: each part, as often as it is repeated. */
export function compileSteps(pattern: string): number {
  const groups = [0];
  let last = 0;
  let parts = 0;
  const add = (size: number) => {
    last = size;
    parts += size;
    groups[groups.length - 1] = (groups.at(-1) as number) + size;
  };
  for (const [token, , least, most] of pattern.matchAll(TOKEN)) {
    if (token === "(") groups.push(0);
    else if (token === ")") {
      const size = groups.length > 1 ? (groups.pop() as number) : 0;
      last = size;
      groups[groups.length - 1] = (groups.at(-1) as number) + size;
    } else if (least !== undefined) add(last * Math.max(Number(least), Number(most ?? 0)));
    else add(token.length > 1 ? CLASS : 1);
  }
  return 20 * parts;
}

/** What classes of characters are made of. */
const CLASS = 20;

/** A class, also one that does not end, a repetition with its bounds, or a character. */
const TOKEN = /\\.|\[\^?\]?(?:\\[^]|[^\]\\])*\]?|(\{(\d+)(?:,(\d*))?\})|[^]/g;

export const matches = (text: string, source: string): boolean => pattern(source).matcher(text).find();
