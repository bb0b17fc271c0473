/** gRPC services as data: the path of each method, its messages, and which sides stream. */
import type { MessageType } from "./schema.ts";

export type Streaming = "unary" | "server" | "client" | "both";

export interface Method<Request, Response, S extends Streaming = Streaming> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
  readonly streaming: S;
}

export type Service = Readonly<Record<string, Method<never, never>>>;

export function method<Request, Response, S extends Streaming>(
  streaming: S,
  path: string,
  request: MessageType<Request>,
  response: MessageType<Response>,
): Method<Request, Response, S> {
  return { path, request, response, streaming };
}
