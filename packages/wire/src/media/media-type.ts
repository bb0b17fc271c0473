/**
 * Media types and the choice among them, as Kubernetes does it: `application/json;as=Table;v=v1;g=meta.k8s.io,*\/*;q=0.1`.
 * Holds: the client's order of preference decides; among equals its own order, then the server's.
 */
export interface MediaType {
  /** In lower case, as `subtype`. */
  readonly type: string;
  readonly subtype: string;
  /** Parameters but `q`; names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Preference from 0 (never) to 1. */
  readonly q: number;
}

/** One media type (a Content-Type header), or undefined when the text is none. */
export function parseMediaType(text: string): MediaType | undefined {
  const [name = "", ...rest] = splitOutsideQuotes(text, ";");
  const [type, subtype, more] = name.trim().toLowerCase().split("/");
  if (!type || !subtype || more !== undefined) return undefined;
  const parameters: Record<string, string> = {};
  let q = 1;
  for (const parameter of rest) {
    const at = parameter.indexOf("=");
    if (at < 0) continue;
    const key = parameter.slice(0, at).trim().toLowerCase();
    const value = unquoted(parameter.slice(at + 1).trim());
    if (key === "q") q = quality(value);
    else if (key !== "__proto__") parameters[key] = value;
  }
  return { type, subtype, parameters, q };
}

/** The types of an Accept header, the most wanted first; what is malformed or refused (`q=0`) is left out. */
export function parseAccept(header: string): MediaType[] {
  return splitOutsideQuotes(header, ",")
    .map(parseMediaType)
    .filter((type) => type !== undefined)
    .filter((type) => type.q > 0)
    .sort((a, b) => b.q - a.q || wildcards(a) - wildcards(b));
}

const wildcards = ({ type, subtype }: MediaType) => (type === "*" ? 2 : subtype === "*" ? 1 : 0);

function quality(text: string): number {
  const q = Number(text);
  return text !== "" && q >= 0 && q <= 1 ? q : 1;
}

const unquoted = (text: string) => (/^".*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text);

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
