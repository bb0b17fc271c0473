/**
 * A gRPC server for plugins and tests. Handlers are async functions or generators over plain objects.
 * Holds: a handler that throws a `GrpcError` answers with it, any other error answers UNKNOWN with its message; the
 * call's signal is aborted when the client is gone.
 */
import type {
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import { decode } from "../proto/decode.ts";
import { encode, type Init } from "../proto/encode.ts";
import type { Method } from "../proto/service.ts";
import { grpcError } from "./error.ts";

interface ServerCall {
  readonly signal: AbortSignal;
  /** The first value of this name, in lower case. */
  metadata(name: string): string | undefined;
}

type Result<R> = Promise<Init<R>> | Init<R>;
type Many<R> = AsyncIterable<Init<R>>;

/** The function that serves a method. */
export type Handler<M> =
  M extends Method<infer Q, infer R, infer S>
    ? S extends "unary"
      ? (request: Q, call: ServerCall) => Result<R>
      : S extends "server"
        ? (request: Q, call: ServerCall) => Many<R>
        : S extends "client"
          ? (requests: AsyncIterable<Q>, call: ServerCall) => Result<R>
          : (requests: AsyncIterable<Q>, call: ServerCall) => Many<R>
    : never;

/** Handlers of some methods of a service; the others answer UNIMPLEMENTED. */
export type Handlers<S> = { [K in keyof S]?: Handler<S[K]> };

interface ServedService {
  readonly methods: Readonly<Record<string, AnyMethod>>;
  readonly handlers: Readonly<Record<string, AnyHandler | undefined>>;
}

type AnyMethod = Method<object, object>;
type AnyHandler = (input: unknown, call: ServerCall) => unknown;

export function serve<S extends object>(service: S, handlers: Handlers<S>): ServedService {
  return { methods: service, handlers } as unknown as ServedService;
}

interface GrpcServerOptions {
  /** `unix:///path` or `host:port`; port 0 takes a free one. */
  listen: string;
  services: readonly ServedService[];
  tls?: { cert: string | Uint8Array; key: string | Uint8Array; clientCa?: string | Uint8Array };
}

export interface GrpcServer {
  /** The port bound, for `host:port`. */
  readonly port: number;
  /** Lets running calls finish for `graceMs`, then breaks them. */
  close(graceMs?: number): Promise<void>;
}

export async function grpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const grpc = await import("@grpc/grpc-js");
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  for (const { methods, handlers } of options.services) addService(server, methods, handlers);
  const { tls } = options;
  const credentials = tls
    ? grpc.ServerCredentials.createSsl(
        tls.clientCa ? Buffer.from(tls.clientCa) : null,
        [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }],
        tls.clientCa !== undefined,
      )
    : grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(options.listen, credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { port, close: (graceMs = 0) => shutdown(server, graceMs) };
}

function shutdown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

function addService(server: Server, methods: ServedService["methods"], handlers: ServedService["handlers"]): void {
  const definition: Parameters<Server["addService"]>[0] = {};
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const [name, method] of Object.entries(methods)) {
    const handler = handlers[name];
    if (!handler) continue;
    (definition as Record<string, unknown>)[name] = {
      path: method.path,
      requestStream: method.streaming === "client" || method.streaming === "both",
      responseStream: method.streaming === "server" || method.streaming === "both",
      requestSerialize: (value: Init<object>) => encode(method.request, value),
      requestDeserialize: (bytes: Buffer) => decode(method.request, bytes),
      responseSerialize: (value: Init<object>) => encode(method.response, value),
      responseDeserialize: (bytes: Buffer) => decode(method.response, bytes),
    };
    implementation[name] = shell(method, handler);
  }
  server.addService(definition, implementation);
}

type AnyCall = ServerUnaryCall<object, object> &
  ServerReadableStream<object, object> &
  ServerWritableStream<object, object> &
  ServerDuplexStream<object, object>;
type Answer = (error: object | null, value?: unknown) => void;

function shell(method: AnyMethod, handler: AnyHandler): UntypedHandleCall {
  const streamsIn = method.streaming === "client" || method.streaming === "both";
  const streamsOut = method.streaming === "server" || method.streaming === "both";
  const run = (call: AnyCall, answer?: Answer) => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    const context: ServerCall = {
      signal: gone.signal,
      metadata: (name) => call.metadata.get(name)[0]?.toString(),
    };
    // Leaving the loop over the requests must not destroy the call: its answer is still to be sent.
    const input = streamsIn ? call.iterator({ destroyOnReturn: false }) : call.request;
    if (streamsOut) void writeAll(call, handler, input, context, gone);
    else void answerOnce(handler, input, context, answer as Answer);
  };
  return run as unknown as UntypedHandleCall;
}

async function answerOnce(handler: AnyHandler, input: unknown, context: ServerCall, answer: Answer): Promise<void> {
  try {
    answer(null, await handler(input, context));
  } catch (error) {
    answer(wireError(error));
  }
}

async function writeAll(
  call: AnyCall,
  handler: AnyHandler,
  input: unknown,
  context: ServerCall,
  gone: AbortController,
): Promise<void> {
  try {
    for await (const message of handler(input, context) as AsyncIterable<object>) {
      if (gone.signal.aborted) return;
      if (!call.write(message)) await drained(call);
    }
    call.end();
  } catch (error) {
    if (!gone.signal.aborted) call.emit("error", wireError(error));
  }
}

/** Resolves when more may be written, or the client is gone. */
function drained(call: AnyCall): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("drain", done).off("cancelled", done);
      resolve();
    };
    call.on("drain", done).on("cancelled", done);
  });
}

function wireError(error: unknown): object {
  const { number, message } = grpcError(error);
  return { code: number, details: message };
}
