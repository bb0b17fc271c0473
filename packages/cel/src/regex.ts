/** Patterns of users, run in time linear in the text; a pattern is compiled once. */
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
  try {
    return RE2JS.compile(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export const matches = (text: string, source: string): boolean => pattern(source).matcher(text).find();
