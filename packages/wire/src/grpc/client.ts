/**
 * A gRPC client over @grpc/grpc-js, which is loaded with the first call.
 * Holds: a call that fails throws a `GrpcError`; aborting its signal cancels it and throws CANCELLED. A lost connection
 * is made anew by itself; calls meanwhile fail with UNAVAILABLE unless they wait for it (`waitForReady`).
 */
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type { Client, ClientDuplexStream, ClientReadableStream, Metadata, VerifyOptions } from "@grpc/grpc-js";
import { decode } from "../proto/decode.ts";
import { encode, type Init } from "../proto/encode.ts";
import type { MessageType } from "../proto/schema.ts";
import type { Method } from "../proto/service.ts";
import type { DialRelay } from "../transport/dial-relay.ts";
import type { Dialer } from "../transport/dialing-agent.ts";
import { GrpcError, grpcError } from "./error.ts";

export interface GrpcTls {
  /** PEM; the system's trusted ones when absent. */
  ca?: string | Uint8Array;
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
}

interface GrpcClientOptions {
  /** `unix:///path`, `https://host:port`, or `http://host:port` (plain text). */
  target: string;
  tls?: GrpcTls;
  /** Sent with each call. */
  metadata?: Readonly<Record<string, string>>;
  /** Pings on a quiet connection, so that a dead one is noticed. */
  keepaliveMs?: number;
  /** Makes the connections that TLS and gRPC are spoken over; by TCP when absent. Not of unix sockets. */
  dialer?: Dialer | undefined;
}

export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  metadata?: Readonly<Record<string, string>>;
  /** Waits for a connection instead of failing at once. */
  waitForReady?: boolean;
}

/** A call whose two sides stream. Iterating ends when the server ends and throws when the call fails. */
export interface GrpcStream<Request, Response> extends AsyncIterable<Response> {
  /** Resolves when more may be written; need not be awaited. */
  write(request: Init<Request>): Promise<void>;
  /** Says that nothing more will be written. */
  end(): void;
  cancel(): void;
}

export interface GrpcClient {
  unary<Q, R>(method: Method<Q, R, "unary">, request: Init<Q>, options?: CallOptions): Promise<R>;
  /** The call begins when iterating begins; leaving the loop cancels it. */
  serverStream<Q, R>(method: Method<Q, R, "server">, request: Init<Q>, options?: CallOptions): AsyncIterable<R>;
  stream<Q, R>(method: Method<Q, R, "both">, options?: CallOptions): Promise<GrpcStream<Q, R>>;
  close(): void;
}

type Grpc = typeof import("@grpc/grpc-js");

interface Loaded {
  readonly grpc: Grpc;
  readonly client: Client;
  readonly relay: DialRelay | undefined;
}

export function grpcClient(options: GrpcClientOptions): GrpcClient {
  let loading: Promise<Loaded> | undefined;
  let closed = false;

  async function load(): Promise<Loaded> {
    if (closed) throw new GrpcError("CANCELLED", `the client of ${options.target} is closed`);
    loading ??= begin(options);
    return await loading;
  }

  return {
    async unary(method, request, call) {
      const { grpc, client, relay } = await load();
      call?.signal?.throwIfAborted();
      return await new Promise((resolve, reject) => {
        const started = client.makeUnaryRequest(
          method.path,
          serializer(method.request),
          deserializer(method.response),
          request,
          metadataOf(grpc, options, call),
          callOptions(call),
          (error, response) => {
            stop();
            if (error) reject(withReason(grpcError(error), relay));
            else resolve(response as never);
          },
        );
        const stop = onAbort(call?.signal, () => started.cancel());
      });
    },

    async *serverStream(method, request, call) {
      const { grpc, client } = await load();
      call?.signal?.throwIfAborted();
      const started = client.makeServerStreamRequest(
        method.path,
        serializer(method.request),
        deserializer(method.response),
        request,
        metadataOf(grpc, options, call),
        callOptions(call),
      );
      yield* responses(started, call?.signal);
    },

    async stream(method, call) {
      const { grpc, client } = await load();
      call?.signal?.throwIfAborted();
      const started = client.makeBidiStreamRequest(
        method.path,
        serializer(method.request),
        deserializer(method.response),
        metadataOf(grpc, options, call),
        callOptions(call),
      );
      return duplex(started, call?.signal);
    },

    close() {
      closed = true;
      void loading?.then(({ client, relay }) => {
        client.close();
        relay?.close();
      });
    },
  };
}

async function begin(options: GrpcClientOptions): Promise<Loaded> {
  const grpc = await import("@grpc/grpc-js");
  const { dialer, target } = options;
  if (!dialer) return { grpc, client: connect(grpc, options), relay: undefined };
  const { dialRelay } = await import("../transport/dial-relay.ts");
  const { hostname, port } = placeOf(target);
  const relay = await dialRelay(dialer, hostname.replace(/^\[|\]$/g, ""), Number(port));
  return { grpc, client: connect(grpc, options, `unix://${relay.path}`), relay };
}

/** `through`: where to connect instead. */
function connect(grpc: Grpc, options: GrpcClientOptions, through?: string): Client {
  const { target, tls, keepaliveMs } = options;
  const secure = target.startsWith("https://");
  const host = secure ? new URL(target).hostname.replace(/^\[|\]$/g, "") : "";
  const credentials = secure
    ? grpc.credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert), verification(host))
    : grpc.credentials.createInsecure();
  return new grpc.Client(through ?? address(target), credentials, {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.max_reconnect_backoff_ms": 5000,
    "grpc.enable_http_proxy": 0,
    // Without a host, the authority of a unix socket would be its escaped path, which Go's servers refuse.
    ...(target.startsWith("unix:") && { "grpc.default_authority": "localhost" }),
    ...(through && { "grpc.default_authority": new URL(target).host }),
    ...(keepaliveMs && { "grpc.keepalive_time_ms": keepaliveMs, "grpc.keepalive_timeout_ms": keepaliveMs }),
    ...(secure && { "grpc.ssl_target_name_override": isIP(host) ? NAME_FOR_ADDRESSES : host }),
  });
}

/** TLS knows no server name that is an address: another is sent, and the certificate is checked for the address. */
const NAME_FOR_ADDRESSES = "localhost";

const verification = (host: string): VerifyOptions =>
  isIP(host) ? { checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate) } : {};

function address(target: string): string {
  if (target.startsWith("unix:")) return target;
  const { hostname, port } = placeOf(target);
  return `dns:${hostname}:${port}`;
}

function placeOf(target: string): { readonly hostname: string; readonly port: string | number } {
  const { hostname, port, protocol } = new URL(target);
  return { hostname, port: port || (protocol === "https:" ? 443 : 80) };
}

const pem = (value: string | Uint8Array | undefined): Buffer | null =>
  value === undefined ? null : Buffer.from(value);

const serializer =
  <T>(type: MessageType<T>) =>
  (value: Init<T>): Buffer =>
    encode(type, value);

const deserializer =
  <T>(type: MessageType<T>) =>
  (bytes: Buffer): T =>
    decode(type, bytes);

/** gRPC itself knows only that its connection broke off. */
const withReason = (error: GrpcError, relay: DialRelay | undefined): GrpcError =>
  relay?.failure ? new GrpcError(error.code, relay.failure.message, { cause: error }) : error;

function metadataOf(grpc: Grpc, options: GrpcClientOptions, call: CallOptions | undefined): Metadata {
  const metadata = new grpc.Metadata({ waitForReady: call?.waitForReady ?? false });
  for (const from of [options.metadata, call?.metadata]) {
    for (const [name, value] of Object.entries(from ?? {})) metadata.set(name, value);
  }
  return metadata;
}

const callOptions = (call: CallOptions | undefined) =>
  call?.timeoutMs === undefined ? {} : { deadline: Date.now() + call.timeoutMs };

function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (!signal) return () => {};
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}

/** Resolves when more may be written, or never will be. */
function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ["drain", "close", "error"]) stream.off(event, done);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) stream.on(event, done);
  });
}

async function* responses<R>(call: ClientReadableStream<R>, signal: AbortSignal | undefined): AsyncGenerator<R> {
  const stop = onAbort(signal, () => call.cancel());
  try {
    for await (const response of call) yield response as R;
  } catch (error) {
    throw grpcError(error);
  } finally {
    stop();
    call.on("error", () => {});
    call.cancel();
  }
}

function duplex<Q, R>(call: ClientDuplexStream<Init<Q>, R>, signal: AbortSignal | undefined): GrpcStream<Q, R> {
  // Errors reach the reader through the iterator; writers just stop.
  let failed: GrpcError | undefined;
  call.on("error", (error) => {
    failed = grpcError(error);
  });
  const stop = onAbort(signal, () => call.cancel());
  call.once("close", stop);
  return {
    async write(request) {
      if (failed) throw failed;
      if (call.write(request)) return;
      await drained(call);
    },
    end: () => void call.end(),
    cancel: () => call.cancel(),
    async *[Symbol.asyncIterator]() {
      if (failed) throw failed;
      yield* responses(call, undefined);
    },
  };
}
