/**
 * The transport of callers in the server's own process: it enters behind TLS with a user of its own, and takes the same road as everyone from
 * there on. Nothing is serialised: what it sends is decoded from the object, what it gets is the server's own, shared and never to be changed.
 */
import type { ApiRequest, ApiResponse, Transport, TransportWatchSink } from "@kubets/client/transport";
import { type Status, StatusError } from "@kubets/machinery";
import type { User } from "./authn/authenticator.ts";
import { withAuthenticated } from "./authn/authenticator.ts";
import type { Core } from "./core.ts";
import type { CoreExchange, DirectCaller, DirectWatch } from "./front/core-exchange.ts";
import type { BatchEvent } from "./store/event-batch.ts";

export function inProcessTransport(core: Core, user: User): Transport {
  const caller = withAuthenticated(user);
  return {
    takesObjects: true,
    request: (request) =>
      new Promise<ApiResponse>((resolve, reject) => {
        const { signal } = request;
        if (signal?.aborted) return reject(signal.reason as Error);
        const exchange = new DirectExchange(caller, request, resolve, undefined);
        if (signal) {
          // A caller's signal may outlive very many requests.
          const giveUp = () => reject(signal.reason as Error);
          signal.addEventListener("abort", giveUp, { once: true });
          exchange.onClose(() => signal.removeEventListener("abort", giveUp));
        }
        core.serve(exchange);
      }),
    watch: (request, sink) =>
      new Promise((resolve, reject) => {
        const refused = ({ status, object }: ApiResponse) =>
          reject(new StatusError({ ...(object?.() as Status), code: status }));
        const watch = new SinkWatch(sink, request.signal, () => exchange.close());
        const exchange = new DirectExchange(caller, request, refused, () => {
          resolve({ stop: () => watch.stop() });
          return watch;
        });
        core.serve(exchange);
      }),
    close() {},
  };
}

class DirectExchange implements CoreExchange {
  readonly method: string;
  readonly url: string;
  readonly peer = NO_PEER;
  readonly direct: DirectCaller;
  onAnswer: CoreExchange["onAnswer"] = undefined;
  audit: CoreExchange["audit"] = undefined;
  deadline: CoreExchange["deadline"] = undefined;
  readonly #request: ApiRequest;
  readonly #resolve: (response: ApiResponse) => void;
  readonly #onClose: (() => void)[] = [];
  #over = false;

  constructor(
    user: User,
    request: ApiRequest,
    resolve: (response: ApiResponse) => void,
    watch: (() => DirectWatch) | undefined,
  ) {
    this.method = request.method;
    this.url = request.path;
    this.#request = request;
    this.#resolve = resolve;
    this.direct = {
      user,
      object: request.object ?? (request.body && JSON.parse(Buffer.from(request.body).toString())),
      respond: (status, object) => this.#answer(objectResponse(status, object), undefined),
      watch: () => {
        if (!watch) throw new Error("a watch in process goes through Transport.watch");
        this.onAnswer?.(200, undefined);
        return watch();
      },
    };
  }

  header(name: string): string | undefined {
    const value = this.#request.headers?.[name];
    return typeof value === "string" || value === undefined ? value : value.join(", ");
  }

  async readBody(): Promise<Uint8Array> {
    return this.#request.body ?? new Uint8Array();
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | readonly Uint8Array[] = []): void {
    const bytes = body instanceof Uint8Array ? body : Buffer.concat(body);
    this.#answer(bytesResponse(status, headers, bytes), bytes.length);
  }

  stream(): never {
    throw new Error("streams in process go through Transport.watch");
  }

  addHeaders(): void {}

  onClose(run: () => void): void {
    if (this.#over) run();
    else this.#onClose.push(run);
  }

  #answer(response: ApiResponse, size: number | undefined): void {
    if (this.deadline?.meet() === false) return;
    this.deadline?.lift();
    const told = this.audit?.answered(response.status);
    if (told) void told.then(() => this.#give(response, size));
    else this.#give(response, size);
  }

  #give(response: ApiResponse, size: number | undefined): void {
    this.onAnswer?.(response.status, size);
    this.#resolve(response);
    this.close();
  }

  /** It is answered, or its watch is over. */
  close(): void {
    this.#over = true;
    for (const run of this.#onClose.splice(0)) run();
  }
}

function objectResponse(status: number, object: unknown): ApiResponse {
  const bytes = () => Promise.resolve(Buffer.from(JSON.stringify(object)));
  return { status, headers: {}, object: () => object, bytes, stream: () => once(bytes()) };
}

function bytesResponse(status: number, headers: readonly string[], bytes: Uint8Array): ApiResponse {
  const named: Record<string, string> = {};
  for (let i = 0; i + 1 < headers.length; i += 2) named[headers[i] as string] = headers[i + 1] as string;
  return { status, headers: named, bytes: () => Promise.resolve(bytes), stream: () => once(Promise.resolve(bytes)) };
}

async function* once(bytes: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes;
}

const NO_PEER = { address: "", certificate: () => undefined };

/** Between the server's batches and the caller's sink: after `stop` the sink hears nothing more. */
class SinkWatch implements DirectWatch {
  readonly #sink: TransportWatchSink;
  readonly #over: () => void;
  #stopped = false;
  #onStop: (() => void) | undefined;

  constructor(sink: TransportWatchSink, signal: AbortSignal | undefined, over: () => void) {
    this.#sink = sink;
    this.#over = over;
    signal?.addEventListener("abort", () => this.stop(), { once: true });
  }

  events(batch: readonly BatchEvent[]): void {
    if (!this.#stopped) this.#sink.events(batch.map(({ type, object }) => ({ type, object: object.object })));
  }

  end(error?: Error): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sink.closed(error);
    this.#over();
  }

  onStop(run: () => void): void {
    this.#onStop = run;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#onStop?.();
    this.#over();
  }
}
