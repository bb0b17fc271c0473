/** `$(NAME)` in commands, arguments and values. `$$` is a dollar sign; what is not known, or not closed, stays as it is written. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  if (!text.includes("$")) return text;
  let out = "";
  for (let at = 0; at < text.length; ) {
    const next = text[at + 1];
    if (text[at] !== "$" || next === undefined) {
      out += text[at++];
      continue;
    }
    const close = next === "(" ? text.indexOf(")", at + 2) : -1;
    if (close > 0) {
      const name = text.slice(at + 2, close);
      out += lookup(name) ?? `$(${name})`;
      at = close + 1;
    } else {
      out += next === "$" ? "$" : `$${next}`;
      at += 2;
    }
  }
  return out;
}

/** As `expand`, but what is not known is told: for `subPathExpr`. */
export function expandStrict(
  text: string,
  lookup: (name: string) => string | undefined,
): { text: string; missing: string[] } {
  const missing: string[] = [];
  const expanded = expand(text, (name) => {
    const value = lookup(name);
    if (value === undefined) missing.push(name);
    return value ?? "";
  });
  return { text: expanded, missing };
}
