/** Regular expressions of users: matched in linear time, whatever they are. */
import { RE2JS } from "re2js";

export type Pattern = RE2JS;

/** Matches from the beginning, whatever the case; undefined for what is no expression, or none at all. */
export function pathPattern(text: string): Pattern | undefined {
  if (text === "") return undefined;
  try {
    return RE2JS.compile(`^${text}`, RE2JS.CASE_INSENSITIVE);
  } catch {
    return undefined;
  }
}

/** The target with "$1" and the like filled in, as `write` spells them, when the pattern matches the path; undefined when it does not. */
export function rewritten(
  pattern: Pattern,
  path: string,
  target: string,
  write: (group: string) => string,
): string | undefined {
  const matcher = pattern.matcher(path);
  if (!matcher.find()) return undefined;
  return target.replace(/\$(\d)/g, (_, digit: string) =>
    Number(digit) <= matcher.groupCount() ? write(matcher.group(Number(digit)) ?? "") : "",
  );
}
