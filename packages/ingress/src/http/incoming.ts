/**
 * A request of a client, whatever it speaks, and the way to answer it.
 * Holds: it is answered once, by `answer`, `reply` or `switchTo`; after `onGone` (the client went away before it was answered whole) nothing
 * more reaches anybody, and asking for it does no harm.
 */
import type { Duplex } from "node:stream";
import type { BodySink, BodySource, Framing, Headers, RequestHead } from "./message.ts";

export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** With Content-Length where the framing is a length. */
  readonly headers: Headers;
  readonly framing: Framing;
}

export interface Incoming {
  readonly head: RequestHead;
  /** The client's address. */
  readonly peer: string;
  readonly isSecure: boolean;
  /** The port to which it came. */
  readonly port: number;
  /** Absent when there is none. */
  readonly body: BodySource | undefined;
  onGone: (() => void) | undefined;
  /** A final answer; what it returns takes its body. */
  answer(head: AnswerHead): BodySink;
  /** 103 and the like, before the answer. */
  inform(status: number, headers: Headers): void;
  /** 101, and the connection as it is from then on. */
  switchTo(head: AnswerHead): Duplex;
}

/** A whole answer of our own. */
export function reply(incoming: Incoming, status: number, headers: Headers, text: string): void {
  const body = Buffer.from(text);
  const length = ["Content-Length", String(body.length)];
  const framing = incoming.head.method === "HEAD" ? 0 : body.length;
  const sink = incoming.answer({ status, reason: "", headers: [...headers, ...length], framing });
  if (framing > 0) sink.write(body);
  sink.end();
}
