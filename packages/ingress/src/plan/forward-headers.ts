/** What a server behind the ingress is told of who asks, and by which way: the headers of ingress-nginx. What a client says of that itself is not passed on. */
import { randomBytes } from "node:crypto";
import { type Headers, headerOf, lowerName } from "../http/message.ts";

interface Origin {
  readonly peer: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly prefix: string;
}

/** Whatever runs as a CGI program would take "Proxy" for its own setting. */
const OURS = new Set([
  "x-request-id",
  "x-real-ip",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-scheme",
  "x-scheme",
  "x-original-forwarded-for",
  "proxy",
  "expect",
]);

export function forwardHeaders(headers: Headers, { peer, host, port, isSecure, prefix }: Origin): string[] {
  const out: string[] = [];
  let before = "";
  let id = "";
  for (let i = 0; i < headers.length; i += 2) {
    const name = lowerName(headers[i] as string);
    const value = headers[i + 1] as string;
    if (!OURS.has(name)) out.push(headers[i] as string, value);
    else if (name === "x-forwarded-for") before = value;
    else if (name === "x-request-id") id = value;
  }
  const scheme = isSecure ? "https" : "http";
  out.push(
    "X-Request-ID",
    id || freshId(),
    "X-Real-IP",
    peer,
    "X-Forwarded-For",
    peer,
    "X-Forwarded-Host",
    host,
    "X-Forwarded-Port",
    String(port),
    "X-Forwarded-Proto",
    scheme,
    "X-Forwarded-Scheme",
    scheme,
    "X-Scheme",
    scheme,
  );
  if (before) out.push("X-Original-Forwarded-For", before);
  if (prefix) out.push("X-Forwarded-Prefix", prefix);
  return out;
}

const ID_BYTES = 16;
let pool: Buffer = Buffer.alloc(0);
let used = 0;

/** Random bytes are fetched many at a time. */
function freshId(): string {
  if (used + ID_BYTES > pool.length) {
    pool = randomBytes(ID_BYTES * 256);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString("hex", used - ID_BYTES, used);
}

/** Headers about other origins that the ingress sets itself stand once. */
export function withoutCors(headers: Headers): Headers {
  if (headerOf(headers, "access-control-allow-origin") === undefined) return headers;
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!lowerName(headers[i] as string).startsWith("access-control-allow-"))
      out.push(headers[i] as string, headers[i + 1] as string);
  return out;
}
