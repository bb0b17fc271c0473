/** Regular expressions that users write: of Go's syntax, and matched in linear time whatever they are. Compiled once while in use. */
import { compileSteps } from "@kubets/cel/regex";
import { LruCache } from "@kubets/machinery/lru";
import { step } from "@kubets/machinery/stretch";
import { RE2JS, RE2JSException } from "re2js";

const MOST_PATTERNS = 1024;
const compiled = new LruCache<string, RE2JS>(MOST_PATTERNS);

/** Whether the text has a part that matches; a pattern that is none matches nothing. */
export function matchesPattern(pattern: string, text: string): boolean {
  let expression = compiled.get(pattern);
  if (!expression) {
    if (patternError(pattern) !== undefined) return false;
    compiled.set(pattern, (expression = RE2JS.compile(pattern)));
  }
  // Each character of the text may stand in several places of the pattern.
  step(text.length * (1 + (pattern.length >> 3)));
  return expression.matcher(text).find();
}

/** What is wrong with a pattern, in Go's words. */
export function patternError(pattern: string): string | undefined {
  step(compileSteps(pattern));
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof RE2JSException) return error.message;
    throw error;
  }
}
