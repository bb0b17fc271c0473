/**
 * The members of an etcd cluster: calls go to one of them as long as it answers, and then to the next.
 * Holds: a call that may change something is tried again only when it surely was not carried out, or when its
 * caller says that twice is as good as once.
 */
import type { Clock } from "@kubets/machinery/clock";
import { sleep } from "@kubets/machinery/clock";
import { type GrpcClient, GrpcError, type GrpcTls, grpcClient } from "@kubets/wire/grpc";
import type { Init, Method } from "@kubets/wire/proto";
import type { Dialer } from "@kubets/wire/transport";
import { StorageClosedError } from "../storage.ts";

interface EndpointsOptions {
  /** `https://host:port` or `http://host:port`, one for each member. */
  readonly endpoints: readonly string[];
  readonly tls?: GrpcTls;
  /** Makes the connections; by TCP when absent. */
  readonly dialer?: Dialer | undefined;
  readonly clock: Clock;
  /** How long a call is tried in all, and on one member. */
  readonly timeoutMs: number;
  readonly attemptMs: number;
}

/** Where a member that does not answer is noticed on a quiet connection. */
const KEEPALIVE_MS = 10_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1000;

export class Endpoints {
  readonly members: readonly { readonly target: string; readonly client: GrpcClient }[];
  readonly #options: EndpointsOptions;
  readonly #closed = new AbortController();
  #current = 0;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.members = options.endpoints.map((target) => ({
      target,
      client: grpcClient({
        target,
        keepaliveMs: KEEPALIVE_MS,
        dialer: options.dialer,
        ...(options.tls && { tls: options.tls }),
      }),
    }));
  }

  /** The member that calls go to now, and its place for `moveOn`. */
  get current(): { client: GrpcClient; target: string; place: number } {
    const place = this.#current;
    const member = this.members[place];
    if (!member) throw new Error("no etcd endpoint is given");
    return { ...member, place };
  }

  /** Chooses the next member, unless someone has moved on from this one already. */
  moveOn(from: number): void {
    if (this.#current === from) this.#current = (from + 1) % this.members.length;
  }

  /** Calls until one member has answered. `again` tells which failures may be followed by another try. */
  async call<Q, R>(method: Method<Q, R, "unary">, request: Init<Q>, again: (error: GrpcError) => boolean): Promise<R> {
    const { clock, timeoutMs, attemptMs } = this.#options;
    const end = clock.monotonic() + timeoutMs;
    for (let tried = 0, pause = FIRST_PAUSE_MS; ; tried++) {
      const { client, place } = this.current;
      try {
        return await client.unary(method, request, { timeoutMs: attemptMs });
      } catch (error) {
        if (this.#closed.signal.aborted) throw new StorageClosedError();
        if (!(error instanceof GrpcError) || !again(error) || clock.monotonic() + pause > end) throw error;
        this.moveOn(place);
        if (tried % this.members.length !== this.members.length - 1) continue;
        await sleep(clock, pause, this.#closed.signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  close(): void {
    this.#closed.abort(new StorageClosedError());
    for (const { client } of this.members) client.close();
  }
}

/** The member, or the way to it, failed: another may answer. Whether the call was carried out is not known. */
export const isLost = (error: GrpcError): boolean =>
  error.code === "UNAVAILABLE" ||
  error.code === "DEADLINE_EXCEEDED" ||
  (["INTERNAL", "CANCELLED", "UNKNOWN"].includes(error.code) &&
    // The last two are the member's own words when the time of a call ends there first.
    /RST_STREAM|cancelled|GOAWAY|context (deadline exceeded|canceled)/i.test(error.message));

/** The call never left this process. */
export const neverSent = (error: GrpcError): boolean =>
  (error.code === "UNAVAILABLE" &&
    /^No connection established|^Name resolution failed|ECONNREFUSED/.test(error.message)) ||
  // Its time was up before there was a connection that could have carried it.
  (error.code === "DEADLINE_EXCEEDED" && error.message.endsWith("Waiting for LB pick"));
