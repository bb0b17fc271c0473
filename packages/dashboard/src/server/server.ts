/**
 * The way to the API: plain questions, answers that come piece by piece, and connections that carry channels.
 * All of them carry the key that `kubets dashboard` made for this run.
 */
import { asFailure, Failure, failureOf } from "./failure.ts";
import { KEY_PROTOCOL, STREAM_PROTOCOL } from "./protocols.ts";

export interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface Pieces {
  onText(text: string): void;
  /** The last that is heard; without a failure the answer has come to its end. */
  onEnd(failure?: Failure): void;
}

export interface ServerListeners {
  /** The key is not, or no longer, the right one. */
  refused(): void;
  /** The server did what it was asked, but has something to say about it. */
  warn(text: string): void;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const OK = 200;
const WARNING = /299 \S+ "((?:[^"\\]|\\.)*)"/g;

export class Server {
  readonly #origin: string;
  readonly #key: string;
  readonly #refused: () => void;
  readonly #warn: (text: string) => void;

  /** `origin`: of the dashboard's server, as `http://127.0.0.1:8002`. */
  constructor(origin: string, key: string, { refused, warn }: ServerListeners) {
    this.#origin = origin;
    this.#key = key;
    this.#refused = refused;
    this.#warn = warn;
  }

  /** Throws a Failure for what is no success. */
  async answer(path: string, asked: Asked = {}): Promise<{ readonly code: number; readonly text: string }> {
    const { method = "GET", body, contentType = "application/json", accept = "application/json", signal } = asked;
    const headers = {
      authorization: `Bearer ${this.#key}`,
      accept,
      ...(body !== undefined && { "content-type": contentType }),
    };
    let code: number;
    let text: string;
    try {
      const answer = await fetch(`${this.#origin}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      });
      code = answer.status;
      if (answer.headers.get("www-authenticate")?.includes('realm="dashboard"')) this.#refused();
      for (const [, warning = ""] of (answer.headers.get("warning") ?? "").matchAll(WARNING))
        this.#warn(warning.replace(/\\(.)/g, "$1"));
      text = await answer.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Failure("the dashboard's server cannot be reached: see whether `kubets dashboard` still runs");
    }
    if (code < OK || code >= 300) throw failureOf(code, text);
    return { code, text };
  }

  async text(path: string, asked: Asked = {}): Promise<string> {
    return (await this.answer(path, asked)).text;
  }

  async json<T>(path: string, asked: Asked = {}): Promise<T> {
    return JSON.parse(await this.text(path, asked)) as T;
  }

  /** An answer that comes piece by piece; what is given ends it. */
  pieces(path: string, accept: string, { onText, onEnd }: Pieces): () => void {
    const socket = this.socket(`/dashboard/stream${queryText({ path, accept })}`, [STREAM_PROTOCOL]);
    const decoder = new TextDecoder();
    let code = 0;
    let refusal = "";
    let isOver = false;
    const end = (failure?: Failure) => {
      if (isOver) return;
      isOver = true;
      socket.close();
      onEnd(failure);
    };
    socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
      if (isOver) return;
      if (typeof data === "string") code = Number(data);
      else {
        const text = decoder.decode(data, { stream: true });
        if (code === OK) onText(text);
        else refusal += text;
      }
    };
    socket.onclose = ({ reason, wasClean }) => {
      if (code && code !== OK) end(failureOf(code, refusal));
      else if (wasClean && !reason) end();
      else end(asFailure(reason || "the connection to the server broke off"));
    };
    return () => {
      isOver = true;
      socket.close();
    };
  }

  socket(path: string, protocols: readonly string[]): WebSocket {
    // Of http and https alike.
    const origin = this.#origin.replace(/^http/, "ws");
    const socket = new WebSocket(`${origin}${path}`, [...protocols, `${KEY_PROTOCOL}${this.#key}`]);
    socket.binaryType = "arraybuffer";
    return socket;
  }
}

/** With its question mark; what is undefined or empty is left out. */
export function queryText(query: Query): string {
  const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(parts.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}
