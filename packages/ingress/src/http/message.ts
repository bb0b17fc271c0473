/** What HTTP messages are here: heads without what concerns one connection alone, and bodies that flow with backpressure. The same for HTTP/1.1 and HTTP/2. */

/** Name, value, name, value, ... in the order and spelling in which they came. */
export type Headers = readonly string[];

/** How a body ends: after so many bytes (zero or more), by chunks, or with the connection. */
export type Framing = number;
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;

export interface RequestHead {
  readonly method: string;
  /** Path and query, as they came; "*" for OPTIONS. */
  readonly target: string;
  /** As the client called it, with its port where it named one. */
  readonly host: string;
  /** Without framing, Host, and what is for the connection alone. */
  readonly headers: Headers;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly isHttp10: boolean;
  /** The protocol to which the client wants to change: "websocket". */
  readonly upgrade: string;
  readonly expectsContinue: boolean;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly upgrade: string;
  /** For how many seconds the other side keeps the connection without a request; 0 when it does not say. */
  readonly keptSeconds: number;
}

/** A message that cannot be understood, or must not be: the status that says so. */
export class BadMessage extends Error {
  override readonly name = "BadMessage";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface BodyHandlers {
  data(chunk: Buffer): void;
  end(trailers: Headers): void;
  /** It broke off. */
  failed(): void;
}

/** Where a body comes from. Nothing is lost before `flow`; `failed` or `end` is told once and last. */
export interface BodySource {
  flow(handlers: BodyHandlers): void;
  pause(): void;
  resume(): void;
}

/** Where a body goes. */
export interface BodySink {
  /** False: the other should wait until `onReady`. */
  write(chunk: Buffer): boolean;
  end(trailers?: Headers): void;
  /** The rest will not come. */
  abort(): void;
  onReady: (() => void) | undefined;
}

const LOWER = new Map<string, string>();
const MOST_NAMES = 2048;

/** Header names are few; those that came before cost no new string. */
export function lowerName(name: string): string {
  const known = LOWER.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (LOWER.size < MOST_NAMES) LOWER.set(name, lower);
  return lower;
}

/** The first header of this (lower-case) name. */
export function headerOf(headers: Headers, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (lowerName(headers[i] as string) === name) return headers[i + 1];
  return undefined;
}
