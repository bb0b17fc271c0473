/**
 * URLs as Go's `url.ParseRequestURI` reads them: absolute URLs and absolute paths, a `#` being no fragment.
 * (The web's URL corrects much of what this refuses.)
 */
export interface UrlParts {
  readonly scheme: string;
  /** With the port, as written. */
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  /** Escaped. */
  readonly path: string;
  readonly query: string;
}

/** The parts, or what is wrong. */
export function parseUrl(text: string): UrlParts | string {
  const wrong = (what: string) => `parse ${JSON.stringify(text)}: ${what}`;
  if (text === "") return wrong("empty url");
  if (hasControl(text)) return wrong("net/url: invalid control character in URL");
  if (text.startsWith(":")) return wrong("missing protocol scheme");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase() ?? "";
  if (scheme === "" && /^[0-9+.-][^/?]*:/.test(text)) return wrong("first path segment in URL cannot contain colon");
  const [before, query] = cutAt(scheme ? text.slice(scheme.length + 1) : text, "?");
  if (!before.startsWith("/")) {
    if (scheme) return { scheme, host: "", hostname: "", port: "", path: "", query };
    return wrong("invalid URI for request");
  }
  const hasAuthority = before.startsWith("//") && (scheme !== "" || !before.startsWith("///"));
  const [authority, path] = hasAuthority && scheme ? splitAuthority(before.slice(2)) : ["", before];
  const badEscape = /%(?![0-9a-fA-F]{2})/.exec(path);
  if (badEscape) return wrong(`invalid URL escape ${JSON.stringify(path.slice(badEscape.index, badEscape.index + 3))}`);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const problem = hostProblem(host);
  if (problem) return wrong(problem);
  const match = /^(.*?)(?::(\d*))?$/.exec(host);
  const bracketed = /^\[([^\]]*)\](?::(\d*))?$/.exec(host);
  const [hostname = "", port = ""] = (bracketed ?? match ?? []).slice(1);
  return { scheme, host, hostname, port, path: escapePath(path), query };
}

/** Whether a character below the blank, or the last of ASCII, stands in it. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function cutAt(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function splitAuthority(text: string): [string, string] {
  const slash = text.indexOf("/");
  return slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash)];
}

function hostProblem(host: string): string | undefined {
  if (host.startsWith("[")) {
    const end = host.lastIndexOf("]");
    if (end < 0) return "missing ']' in host";
    return portProblem(host.slice(end + 1));
  }
  const colon = host.lastIndexOf(":");
  if (colon >= 0) {
    const problem = portProblem(host.slice(colon));
    if (problem) return problem;
  }
  const bad = /[ "<>\\^`{|}]/.exec(host)?.[0];
  return bad === undefined ? undefined : `invalid character ${JSON.stringify(bad)} in host name`;
}

function portProblem(text: string): string | undefined {
  return text === "" || /^:\d*$/.test(text) ? undefined : `invalid port ${JSON.stringify(text)} after host`;
}

/** What may not stand in a path is escaped; what is escaped stays so. */
function escapePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@%!'()*[\]]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}
