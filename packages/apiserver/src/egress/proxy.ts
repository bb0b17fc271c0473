/** What connections lead through. */
import type { Duplex } from "node:stream";
import { networkErrorText } from "../webhooks/network-error.ts";
import type { DialLabels } from "./metrics.ts";

export interface Proxy {
  readonly labels: DialLabels;
  /** A connection through the proxy. Rejects with a ProxyUnreachable where the proxy is not there, and otherwise when it makes none; leaves nothing open then. */
  dial(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

export class ProxyUnreachable extends Error {
  constructor(address: string, cause: Error) {
    // Of a name with several addresses the first tells as much as the others.
    const [first = cause] = cause instanceof AggregateError ? (cause.errors as Error[]) : [];
    const why = address.startsWith("/") ? first.message : networkErrorText(first);
    super(`dialing proxy ${JSON.stringify(address)} failed: ${why}`, { cause });
  }
}
