/**
 * Proxied requests to what pods serve. The application knows nothing of the path that leads to it: it is told in headers, and the addresses in its
 * redirects and pages are made to lead through the server again.
 */
import type { IncomingHttpHeaders } from "node:http";
import { pipeline } from "node:stream";
import { createDeflate, createGunzip, createGzip, createInflate } from "node:zlib";
import { StatusError, serviceUnavailable } from "@kubets/machinery";
import { joinHostPort } from "@kubets/machinery/ip";
import type { ApiCall } from "../api-call.ts";
import { networkErrorText } from "../webhooks/network-error.ts";
import { withLinks } from "./html-links.ts";
import { passThrough, type Rewriting, type Target } from "./pass-through.ts";

type Application = Pick<Target, "host" | "port" | "tls" | "agent">;

/** Who leaves out the slash after `proxy` is sent to the path that has it: a page's relative links would lead elsewhere. */
export function redirectToRoot({ info, exchange }: ApiCall): boolean {
  const { method, socket } = exchange;
  if (info.rest !== "" || (method !== "GET" && method !== "HEAD") || socket?.upgrade) return false;
  exchange.respond(301, ["location", `${info.path}/${sentQuery(exchange.url)}`]);
  return true;
}

export async function passToApplication(call: ApiCall, application: Application): Promise<void> {
  const { info, exchange } = call;
  const rest = info.rest || "/";
  const prefix = info.path.slice(0, info.path.length - info.rest.length);
  const host = exchange.socket?.header("host") ?? "";
  const rewrite = (url: string) => linkThrough(url, prefix, [joinHostPort(application.host, application.port), host]);
  const before = exchange.socket?.header("x-forwarded-for");
  const { address } = exchange.peer;
  try {
    await passThrough(exchange, {
      ...application,
      dialer: call.server.egress.cluster,
      path: `${rest}${sentQuery(exchange.url)}`,
      headers: {
        "x-forwarded-uri": `${prefix}${rest}`,
        ...(address && { "x-forwarded-for": before ? `${before}, ${address}` : address }),
      },
      rewriteLocation: rewrite,
      rewriteBody: (headers) => (exchange.method === "HEAD" ? undefined : pageRewriting(headers, rewrite)),
    });
  } catch (error) {
    const cause = error instanceof StatusError && error.code === 502 ? error.cause : undefined;
    if (cause === undefined) throw error;
    throw serviceUnavailable(`error trying to reach service: ${networkErrorText(cause)}`);
  }
}

/** An absolute path, or an address of the application's own, as a path through the server; any other as it is. */
export function linkThrough(link: string, prefix: string, ownHosts: readonly string[]): string {
  const [, host, path = ""] = /^(?:https?:)?\/\/([^/?#]*)(.*)$/is.exec(link) ?? [undefined, undefined, link];
  if (host !== undefined && !ownHosts.includes(host)) return link;
  if (!path.startsWith("/") || path.startsWith(prefix)) return host === undefined ? link : path || link;
  return `${prefix}${path}`;
}

/** What changes the links of an answer with these headers; only pages in a known encoding have links. */
export function pageRewriting(headers: IncomingHttpHeaders, rewrite: (url: string) => string): Rewriting | undefined {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  if (type.trim() !== "text/html") return undefined;
  const links = (parts: AsyncIterable<Uint8Array>) => withLinks(parts, rewrite);
  switch (headers["content-encoding"] ?? "") {
    case "":
      return links;
    case "gzip":
      return (parts) => pipeline(parts, createGunzip(), links, createGzip(), () => {});
    case "deflate":
      return (parts) => pipeline(parts, createInflate(), links, createDeflate(), () => {});
    default:
      return undefined;
  }
}

/** The query letter by letter: an application may read it in its own way. */
export function sentQuery(url: string): string {
  const [, query = ""] = /\?([^#]*)/.exec(url) ?? [];
  return query && `?${query}`;
}
