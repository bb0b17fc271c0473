/** Kubernetes' URLs: absolute ones and absolute paths, taken apart. */
import type { Library } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { failure } from "../errors.ts";
import { throughTarget } from "../library-costs.ts";
import { celTypes as t } from "../types.ts";
import { parseUrl, type UrlParts } from "../url.ts";
import { KeyedMap, List, Opaque } from "../values.ts";

class Url extends Opaque {
  readonly type = t.url;
  readonly text: string;
  readonly parts: UrlParts;
  constructor(text: string, parts: UrlParts) {
    super();
    this.text = text;
    this.parts = parts;
  }
  equals(other: Opaque): boolean {
    return other instanceof Url && other.text === this.text;
  }
  override toJson(): string {
    return this.text;
  }
}

function urlOf(text: string): Url {
  const parts = parseUrl(text);
  if (typeof parts === "string") throw failure(`URL parse error during conversion from string: ${parts}`);
  return new Url(text, parts);
}

/** Each name with its values, in their order; what cannot be decoded is left out. */
function query(text: string): KeyedMap {
  const values = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const cut = pair.indexOf("=");
    const [name, value] = (cut < 0 ? [pair, ""] : [pair.slice(0, cut), pair.slice(cut + 1)]).map(decode);
    if (name === undefined || value === undefined) continue;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return KeyedMap.of([...values].map(([name, list]) => [name, new List(list)] as const));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

const part = (name: string, id: string, get: (parts: UrlParts) => string) =>
  method(name, id, [t.url], t.string, (url: Url) => get(url.parts));

export const urls: Library = {
  name: "urls",
  overloads: [
    func("url", "string_to_url", [t.string], t.url, urlOf, throughTarget),
    func("isURL", "is_url_string", [t.string], t.bool, (text: string) => typeof parseUrl(text) !== "string"),
    part("getScheme", "url_get_scheme", ({ scheme }) => scheme),
    part("getHost", "url_get_host", ({ host }) => host),
    part("getHostname", "url_get_hostname", ({ hostname }) => hostname),
    part("getPort", "url_get_port", ({ port }) => port),
    part("getEscapedPath", "url_get_escaped_path", ({ path }) => path),
    method("getQuery", "url_get_query", [t.url], t.map(t.string, t.list(t.string)), (url: Url) =>
      query(url.parts.query),
    ),
  ],
};
