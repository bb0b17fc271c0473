/** HTTP/1.1, for servers that speak nothing newer: kept-alive connections by Node's agent. */
import type { ClientRequest, Agent as PlainAgent } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Agent as HttpAgent, request as httpRequest } from "@kubets/machinery/node-http";
import { tooLate } from "./dial.ts";
import { type Dialer, dialingAgent } from "./dialing-agent.ts";
import { bodyOf } from "./response-body.ts";
import { hostOf, type TlsOptions, tlsOptions } from "./tls-options.ts";
import { type ApiRequest, type ApiResponse, TransportError } from "./transport.ts";

const MAX_IDLE_SOCKETS = 32;

export class H1Client {
  readonly #server: URL;
  readonly #tls: object;
  readonly #agent: PlainAgent | HttpsAgent;
  readonly #connectTimeoutMs: number;

  constructor(server: URL, tls: TlsOptions, connectTimeoutMs: number, dialer?: Dialer) {
    this.#server = server;
    const options = {
      keepAlive: true,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: 0,
      keepAliveMsecs: 30_000,
      scheduling: "lifo",
    } as const;
    this.#tls = server.protocol === "https:" ? { ...tlsOptions(tls, hostOf(server)), ALPNProtocols: ["http/1.1"] } : {};
    const secure = server.protocol === "https:";
    if (dialer) this.#agent = dialingAgent(dialer, secure, options);
    else this.#agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  async request(request: ApiRequest, headers: Readonly<Record<string, string>>): Promise<ApiResponse> {
    try {
      return await this.#requestOnce(request, headers);
    } catch (error) {
      // A kept connection that the server closed at the same moment: it has not seen the request.
      if (!(error instanceof StaleConnection)) throw error;
      return await this.#requestOnce(request, headers);
    }
  }

  destroy(): void {
    this.#agent.destroy();
  }

  #requestOnce(request: ApiRequest, headers: Readonly<Record<string, string>>): Promise<ApiResponse> {
    const { method, path, body, signal } = request;
    const secure = this.#server.protocol === "https:";
    const started = (secure ? httpsRequest : httpRequest)({
      host: hostOf(this.#server),
      port: this.#server.port || (secure ? 443 : 80),
      agent: this.#agent,
      method,
      path,
      headers: body ? { ...headers, "content-length": String(body.length) } : { ...headers },
      ...this.#tls,
    });
    let failure: Error | undefined;
    const breakOff = (error: Error) => {
      failure = error;
      started.destroy();
    };
    const onAbort = () => breakOff(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
    started.once("close", () => signal?.removeEventListener("abort", onAbort));
    this.#limitConnecting(started, breakOff);
    started.on("error", (error) => (failure ??= this.#errorOf(started, error, method)));
    started.end(body);
    return new Promise((resolve, reject) => {
      started.once("close", () => reject(failure ?? this.#broken()));
      started.once("response", (response) => {
        response.on("error", (error) => (failure ??= this.#broken(error)));
        const broken = () => failure ?? (response.complete ? undefined : this.#broken());
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, ...bodyOf(response, broken, () => started.destroy()) });
      });
    });
  }

  #limitConnecting(started: ClientRequest, breakOff: (error: Error) => void): void {
    const { protocol } = this.#server;
    const late = () => breakOff(tooLate(this.#server, this.#connectTimeoutMs));
    const timer = setTimeout(late, this.#connectTimeoutMs);
    const stop = () => clearTimeout(timer);
    started.once("close", stop);
    started.once("socket", (socket) => {
      if (socket.connecting) socket.once(protocol === "https:" ? "secureConnect" : "connect", stop);
      else stop();
    });
  }

  #broken(cause?: Error): TransportError {
    return new TransportError("broken", `the connection to ${this.#server.origin} broke off`, { cause });
  }

  #errorOf(started: ClientRequest, error: NodeJS.ErrnoException, method: string): TransportError {
    const { origin } = this.#server;
    if (started.reusedSocket && isSafe(method) && (error.code === "ECONNRESET" || error.code === "EPIPE")) {
      return new StaleConnection(origin, error);
    }
    const reason = started.socket?.connecting === false ? "broken" : "unreachable";
    return new TransportError(reason, `${origin} cannot be reached: ${error.message || error.code}`, { cause: error });
  }
}

const isSafe = (method: string) => method === "GET" || method === "HEAD";

class StaleConnection extends TransportError {
  constructor(origin: string, cause: Error) {
    super("broken", `${origin} closed a kept connection`, { cause });
  }
}
