/** The client's side: opens a WebSocket and gives the sessions that run on it. */
import type { Agent } from "node:http";
import type { SecureContextOptions } from "node:tls";
import { WebSocket } from "ws";
import { UpgradeRefusedError } from "../streams/refused.ts";

interface WebSocketTarget extends Pick<SecureContextOptions, "ca" | "cert" | "key"> {
  /** `wss://host:port/path?query`, or `ws://`. */
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
  readonly handshakeTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Makes the connection. */
  readonly agent?: Agent;
}

/** An error body is read up to this size. */
const MAX_REFUSAL_BYTES = 1024 * 1024;

export function openWebSocket(target: WebSocketTarget): Promise<WebSocket> {
  if (target.signal?.aborted) return Promise.reject(target.signal.reason as Error);
  const { ca, cert, key, headers, serverName, insecureSkipVerify = false, handshakeTimeoutMs = 30_000, agent } = target;
  const socket = new WebSocket(target.url, [...target.protocols], {
    ...(ca && { ca }),
    ...(cert && { cert, key }),
    ...(serverName && { servername: serverName }),
    ...(headers && { headers }),
    ...(agent && { agent }),
    rejectUnauthorized: !insecureSkipVerify,
    handshakeTimeout: handshakeTimeoutMs,
    perMessageDeflate: false,
    followRedirects: false,
  });
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(target.signal?.reason as Error);
      socket.terminate();
    };
    const done = () => target.signal?.removeEventListener("abort", onAbort);
    target.signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => {
      done();
      reject(error);
    });
    socket.once("open", () => {
      // Messages may follow the handshake at once; they wait until a session listens.
      socket.pause();
      done();
      resolve(socket);
      setImmediate(() => socket.resume());
    });
    socket.once("unexpected-response", (request, response) => {
      done();
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_REFUSAL_BYTES) chunks.push(chunk);
      });
      response.on("close", () => {
        request.destroy();
        reject(new UpgradeRefusedError(response.statusCode ?? 0, Buffer.concat(chunks)));
      });
    });
  });
}
