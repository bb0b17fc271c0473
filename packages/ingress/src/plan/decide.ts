/**
 * What happens to a request that met a route: it is led elsewhere, refused, answered here, or passed on with another path. Pure; passwords
 * alone are looked at elsewhere, because that takes time.
 */
import { parseIp } from "@kubets/machinery/ip";
import { type Headers, headerOf } from "../http/message.ts";
import { rewritten } from "./pattern.ts";
import { encodedPath, queryOf } from "./request-path.ts";
import type { Found, Route } from "./route-table.ts";
import type { Canary, Cors } from "./settings.ts";

export interface Facts {
  readonly method: string;
  readonly isSecure: boolean;
  /** As the client named it, with a port where it did. */
  readonly host: string;
  readonly target: string;
  /** See request-path.ts. */
  readonly path: string;
  readonly peer: string;
  readonly headers: Headers;
  /** -1 when it is not known beforehand. */
  readonly bodyBytes: number;
  /** The port at which clients reach the ingress by TLS. */
  readonly httpsPort: number;
  /** In [0, 1), of this request. */
  readonly chance: number;
}

export type Decision =
  | { readonly kind: "answer"; readonly status: number; readonly headers: Headers; readonly text: string }
  | { readonly kind: "pass"; readonly route: Route; readonly target: string; readonly headers: Headers };

const answer = (status: number, text: string, headers: Headers = []): Decision => ({
  kind: "answer",
  status,
  headers,
  text,
});

const redirect = (status: number, url: string): Decision => answer(status, "", ["Location", url]);

export function decide({ route, wwwOf }: Found, facts: Facts): Decision {
  if (wwwOf && !route)
    return redirect(308, `${facts.isSecure ? "https" : "http"}://${wwwOf}${portOf(facts.host)}${facts.target}`);
  if (!route) return answer(404, "default backend - 404");
  const { settings } = route;
  const cors = settings.cors ? corsHeaders(settings.cors, headerOf(facts.headers, "origin")) : [];
  if (!facts.isSecure && wantsTls(route, facts)) return redirect(308, httpsUrl(facts));
  if (settings.appRoot && facts.path === "/") return redirect(302, settings.appRoot);
  if (settings.redirect) return redirect(settings.redirect.status, filledIn(settings.redirect.url, facts));
  if (!isAdmitted(route, facts.peer)) return answer(403, "403 Forbidden\n");
  if (settings.bodyBytes > 0 && facts.bodyBytes > settings.bodyBytes)
    return answer(413, "413 Request Entity Too Large\n", cors);
  if (settings.cors && facts.method === "OPTIONS") return answer(204, "", [...cors, ...preflight(settings.cors)]);
  const chosen = route.canaries.find(({ settings: { canary } }) => canary && takes(canary, facts)) ?? route;
  return { kind: "pass", route: chosen, target: targetOf(route, facts), headers: cors };
}

/** A proxy before the ingress may have ended TLS already; then it says so. */
function wantsTls({ settings, hasTls }: Route, { headers }: Facts): boolean {
  if (!settings.forceSslRedirect) return settings.sslRedirect && hasTls;
  return headerOf(headers, "x-forwarded-proto") !== "https";
}

function httpsUrl({ host, target, httpsPort }: Facts): string {
  const name = host.slice(0, host.length - portOf(host).length);
  return `https://${name}${httpsPort === 443 ? "" : `:${httpsPort}`}${target}`;
}

export const portOf = (host: string): string => /:\d*$/.exec(host)?.[0] ?? "";

/** The variables that charts put into addresses. */
function filledIn(url: string, { isSecure, host, target, path }: Facts): string {
  const variables: Readonly<Record<string, string>> = {
    scheme: isSecure ? "https" : "http",
    host: host.slice(0, host.length - portOf(host).length),
    http_host: host,
    request_uri: target,
    uri: encodedPath(path),
  };
  return url.replace(/\$(\w+)/g, (whole, name: string) => variables[name] ?? whole);
}

function isAdmitted({ settings: { allow, deny } }: Route, peer: string): boolean {
  if (allow.length === 0 && deny.length === 0) return true;
  const address = parseIp(peer.replace(/^::ffff:/, ""));
  if (!address || deny.some((range) => range.contains(address))) return false;
  return allow.length === 0 || allow.some((range) => range.contains(address));
}

function corsHeaders(cors: Cors, origin: string | undefined): string[] {
  const any = cors.origins.includes("*");
  if (!any && (origin === undefined || !cors.origins.some((allowed) => isOrigin(allowed, origin)))) return [];
  return [
    "Access-Control-Allow-Origin",
    any ? "*" : (origin as string),
    ...(cors.credentials ? ["Access-Control-Allow-Credentials", "true"] : []),
    ...(cors.exposed ? ["Access-Control-Expose-Headers", cors.exposed] : []),
    ...(any ? [] : ["Vary", "Origin"]),
  ];
}

/** "https://*.example.org" stands for one label. */
function isOrigin(allowed: string, origin: string): boolean {
  const star = allowed.indexOf("*");
  if (star < 0) return allowed === origin;
  const [head, tail] = [allowed.slice(0, star), allowed.slice(star + 1)];
  const label = origin.slice(head.length, origin.length - tail.length);
  return (
    origin.length > head.length + tail.length &&
    origin.startsWith(head) &&
    origin.endsWith(tail) &&
    /^[^./:]+$/.test(label)
  );
}

const preflight = ({ methods, headers, maxAge }: Cors): Headers => [
  "Access-Control-Allow-Methods",
  methods,
  "Access-Control-Allow-Headers",
  headers,
  "Access-Control-Max-Age",
  String(maxAge),
];

/** A header says always or never, then a cookie, then chance. */
function takes(canary: Canary, { headers, chance }: Facts): boolean {
  if (canary.header) {
    const value = headerOf(headers, canary.header);
    if (canary.headerValue || canary.headerPattern) {
      if (
        value !== undefined &&
        (canary.headerValue ? value === canary.headerValue : canary.headerPattern?.matcher(value).find())
      )
        return true;
    } else if (value === "always") return true;
    else if (value === "never") return false;
  }
  if (canary.cookie) {
    const value = cookieOf(headers, canary.cookie);
    if (value === "always") return true;
    if (value === "never") return false;
  }
  return chance * canary.weightTotal < canary.weight;
}

export function cookieOf(headers: Headers, name: string): string | undefined {
  for (const part of headerOf(headers, "cookie")?.split(";") ?? []) {
    const [key, value] = part.split("=", 2);
    if (key?.trim() === name) return value?.trim();
  }
  return undefined;
}

/** Without a rewrite the target stays as the client wrote it. */
function targetOf({ settings, rule, path }: Route, facts: Facts): string {
  const target = settings.rewriteTarget;
  if (!target || target === path) return facts.target;
  const to = rule.pattern ? rewritten(rule.pattern, facts.path, target, encodedPath) : target.replace(/\$\d/g, "");
  if (to === undefined) return facts.target;
  const query = queryOf(facts.target);
  return `${to.startsWith("/") ? "" : "/"}${to}${to.includes("?") ? query.replace("?", "&") : query}`;
}
