/**
 * Whether a request that a server failed may go to another one.
 * Holds: what a server may have acted on is sent again only when doing it twice is the same as once, and only while all of it is still here.
 */
import type { Failure } from "../http/outgoing.ts";

const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

interface Attempt {
  readonly method: string;
  readonly failure: Failure;
  /** Some of the body has gone. */
  readonly bodyBegun: boolean;
  /** How many servers were asked, and how many may be. */
  readonly tried: number;
  readonly tries: number;
}

export function mayTryAgain({ method, failure, bodyBegun, tried, tries }: Attempt): boolean {
  if (failure.kind === "malformed" || bodyBegun) return false;
  // A connection that had been idle says nothing about the server: it does not count as a try.
  if (failure.kind === "closed" && failure.reused) return REPEATABLE.has(method);
  if (tried >= tries) return false;
  return failure.kind === "connect" || REPEATABLE.has(method);
}

export const statusOf = ({ kind }: Failure): 502 | 504 => (kind === "timeout" ? 504 : 502);
