/**
 * Names of fields as expressions write them: what is no identifier is escaped, as Kubernetes does. `a-b` is
 * `a__dash__b`; reserved words stand between underscores; what cannot be escaped cannot be named.
 */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);
const ESCAPES: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const ESCAPED = new Map(Object.entries(ESCAPES).map(([plain, escaped]) => [escaped, plain]));

/** undefined for what cannot be named. */
export function escapeFieldName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (name === "" || /^[0-9]/.test(name)) return undefined;
  const escaped = name.replace(/__|[.\-/]/g, (part) => ESCAPES[part] as string);
  return IDENTIFIER.test(escaped) ? escaped : undefined;
}

/** The name that was escaped; undefined for what no name is escaped to. */
export function unescapeFieldName(name: string): string | undefined {
  const reserved = /^__([a-z]+)__$/.exec(name)?.[1];
  if (reserved !== undefined && RESERVED.has(reserved)) return reserved;
  if (RESERVED.has(name) || !IDENTIFIER.test(name)) return undefined;
  let wrong = false;
  const plain = name.replace(/__[a-z]*(?:__)?/g, (part) => {
    const known = ESCAPED.get(part);
    if (known === undefined) wrong = true;
    return known ?? part;
  });
  return wrong ? undefined : plain;
}
