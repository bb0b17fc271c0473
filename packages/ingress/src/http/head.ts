/**
 * Heads of HTTP/1.1 messages, from the text before the empty line.
 * Holds: what two readers could understand differently is refused, never mended: a body has one framing, a host stands once, lines end in
 * CR LF, names have no space behind them. What passes is written anew from its parts.
 */
import {
  BadMessage,
  CHUNKED,
  type Framing,
  lowerName,
  type RequestHead,
  type ResponseHead,
  UNTIL_CLOSE,
} from "./message.ts";

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.([01])\r\n/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n/;
const FIELDS = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const ABSOLUTE = /^https?:\/\/([^/?#]+)((?:[/?][^#]*)?)$/i;
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-fA-F:.]+\])?(?::\d*)?$/;
const LENGTH = /^\d{1,15}$/;

interface Fields {
  readonly headers: string[];
  readonly length: string | undefined;
  readonly encoding: string | undefined;
  readonly host: string | undefined;
  readonly upgrade: string;
  readonly expect: string;
  readonly keptSeconds: number;
  /** Lower-case. */
  readonly connection: readonly string[];
}

/** `text` ends with the CR LF of its last line, before the empty one. */
export function parseRequestHead(text: string): RequestHead {
  const line = REQUEST_LINE.exec(text);
  if (!line) throw new BadMessage(400, "the request line is malformed");
  const [{ length }, method, target, minor] = line as unknown as [string, string, string, string];
  const fields = parseFields(text, length);
  const isHttp10 = minor === "0";
  if (fields.host === undefined && !isHttp10) throw new BadMessage(400, "there is no Host header");
  const where = parseTarget(method, target, fields.host ?? "");
  if (!HOST.test(where.host)) throw new BadMessage(400, "the Host header is malformed");
  return {
    method,
    ...where,
    headers: fields.headers,
    framing: requestFraming(fields, isHttp10),
    keepAlive: keptAlive(fields, isHttp10),
    isHttp10,
    // HTTP/2 is spoken by TLS alone: to a server behind, the change would make a tunnel around the rules.
    upgrade: !isHttp10 && fields.connection.includes("upgrade") && fields.upgrade !== "h2c" ? fields.upgrade : "",
    expectsContinue: !isHttp10 && fields.expect.toLowerCase() === "100-continue",
  };
}

/** `toHead`: the answer to a HEAD, which has no body whatever it says. */
export function parseResponseHead(text: string, toHead: boolean): ResponseHead {
  const line = STATUS_LINE.exec(text);
  if (!line) throw new BadMessage(502, "the status line is malformed");
  const fields = parseFields(text, line[0].length);
  const status = Number(line[2]);
  const bodiless = toHead || status < 200 || status === 204 || status === 304;
  const framing = bodiless ? 0 : responseFraming(fields);
  // The length of a body that is not sent is still told.
  if (fields.length !== undefined && framing >= 0 && status >= 200 && status !== 204)
    fields.headers.push("Content-Length", fields.length);
  return {
    status,
    reason: line[3] ?? "",
    headers: fields.headers,
    framing,
    keepAlive: framing !== UNTIL_CLOSE && keptAlive(fields, line[1] === "0"),
    upgrade: fields.upgrade,
    keptSeconds: fields.keptSeconds,
  };
}

/** Trailers of a chunked body; framing and routing must not come so late. */
export function parseTrailers(text: string): string[] {
  return parseFields(text, 0).headers;
}

function parseTarget(method: string, target: string, host: string): { target: string; host: string } {
  if (target.charCodeAt(0) === 47) return { target, host };
  if (target === "*" && method === "OPTIONS") return { target, host };
  const absolute = ABSOLUTE.exec(target);
  if (!absolute) throw new BadMessage(400, "the request target is malformed");
  const [, authority, rest] = absolute as unknown as [string, string, string];
  return { host: authority, target: rest.startsWith("/") ? rest : `/${rest}` };
}

function parseFields(text: string, from: number): Fields {
  const block = text.slice(from);
  if (!FIELDS.test(block)) throw new BadMessage(400, "a header is malformed");
  const headers: string[] = [];
  let length: string | undefined;
  let encoding: string | undefined;
  let host: string | undefined;
  let upgrade = "";
  let expect = "";
  let keptSeconds = 0;
  let connection: string[] = NONE;
  for (let at = 0; at < block.length; ) {
    const colon = block.indexOf(":", at);
    const end = block.indexOf("\r\n", colon);
    const name = block.slice(at, colon);
    const value = trimmed(block, colon + 1, end);
    at = end + 2;
    switch (lowerName(name)) {
      case "content-length":
        refuseBlank(block, end);
        if (length !== undefined) throw new BadMessage(400, "there are two lengths");
        length = value;
        break;
      case "transfer-encoding":
        refuseBlank(block, end);
        encoding = encoding === undefined ? value : `${encoding}, ${value}`;
        break;
      case "host":
        if (host !== undefined) throw new BadMessage(400, "there are two Host headers");
        host = value;
        break;
      case "connection":
        connection = [...connection, ...value.split(",").map((word) => word.trim().toLowerCase())];
        break;
      case "upgrade":
        upgrade = value.toLowerCase();
        break;
      case "expect":
        expect = value;
        break;
      case "keep-alive":
        keptSeconds = Number(/(?:^|[,; ])timeout=(\d{1,6})/.exec(value)?.[1] ?? 0);
        break;
      case "proxy-connection":
      case "te":
      case "trailer":
        break;
      default:
        headers.push(name, value);
    }
  }
  return {
    headers: connection === NONE ? headers : withoutNamed(headers, connection),
    length,
    encoding,
    host,
    upgrade,
    expect,
    keptSeconds,
    connection,
  };
}

const NONE: string[] = [];

/** Headers that the sender says are for this connection alone. */
function withoutNamed(headers: string[], named: readonly string[]): string[] {
  if (named.every((name) => name === "close" || name === "keep-alive" || name === "upgrade")) return headers;
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!named.includes(lowerName(headers[i] as string))) kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Readers differ about blanks behind what frames a body. */
function refuseBlank(block: string, end: number): void {
  if (isBlank(block.charCodeAt(end - 1))) throw new BadMessage(400, "there is a blank behind a framing header");
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

function requestFraming({ length, encoding }: Fields, isHttp10: boolean): Framing {
  if (encoding === undefined) return length === undefined ? 0 : lengthOf(length);
  if (length !== undefined) throw new BadMessage(400, "there are a length and a transfer encoding");
  if (isHttp10) throw new BadMessage(400, "HTTP/1.0 has no transfer encodings");
  if (encoding.toLowerCase() !== "chunked") throw new BadMessage(501, "the only transfer encoding here is chunked");
  return CHUNKED;
}

function responseFraming({ length, encoding }: Fields): Framing {
  if (encoding !== undefined) {
    if (length !== undefined) throw new BadMessage(502, "there are a length and a transfer encoding");
    if (encoding.toLowerCase() !== "chunked") throw new BadMessage(502, "the transfer encoding is unknown");
    return CHUNKED;
  }
  return length === undefined ? UNTIL_CLOSE : lengthOf(length);
}

function lengthOf(text: string): number {
  if (!LENGTH.test(text)) throw new BadMessage(400, "the length is malformed");
  return Number(text);
}

const keptAlive = ({ connection }: Fields, isHttp10: boolean): boolean =>
  isHttp10 ? connection.includes("keep-alive") : !connection.includes("close");
