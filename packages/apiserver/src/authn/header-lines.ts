/** The headers of a request as they were sent, each as often: a comma may stand inside a value. */
export interface HeaderSource {
  header(name: string): string | undefined;
  /** What came over a socket. */
  readonly socket?: { readonly rawHeaders: readonly string[] } | undefined;
}

/** Name in lower case, and value. Without a socket only the names that are asked for are looked at, and commas divide. */
export function headerLines(source: HeaderSource, names: readonly string[]): [string, string][] {
  const { socket } = source;
  const lines: [string, string][] = [];
  if (!socket) {
    for (const name of names) for (const value of source.header(name)?.split(/, */) ?? []) lines.push([name, value]);
    return lines;
  }
  const { rawHeaders: raw } = socket;
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push([(raw[i] as string).toLowerCase(), raw[i + 1] as string]);
  return lines;
}

/** A key of extra fields that stands in a header's name: escaped where a header may not hold it. */
export function unescapedKey(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch {
    return key;
  }
}
