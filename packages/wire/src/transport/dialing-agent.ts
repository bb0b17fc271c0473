/** Agents of node:http and node:https whose connections somebody else makes: they lead through a proxy, for instance. */
import type { AgentOptions, ClientRequestArgs, Agent as PlainAgent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { Agent as HttpAgent } from "@kubets/machinery/node-http";

/** Makes a connection on which TLS, or whatever else, has not begun yet. */
export type Dialer = (host: string, port: number) => Promise<Duplex>;

type Connected = (error: Error | null, stream: Duplex) => void;

class DialingHttpsAgent extends HttpsAgent {
  readonly #dial: Dialer;

  constructor(dial: Dialer, options: AgentOptions) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(options: RequestOptions, connected?: Connected): undefined {
    dialFor(options, this.#dial, connected, (socket) => {
      const secure = super.createConnection({ ...options, socket } as RequestOptions) as Duplex;
      // Until the handshake is done nobody else may listen.
      socket.once("error", (error) => secure.destroy(error));
      return secure;
    });
  }
}

class DialingHttpAgent extends HttpAgent {
  readonly #dial: Dialer;

  constructor(dial: Dialer, options: AgentOptions) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): undefined {
    dialFor(options, this.#dial, connected, (socket) => socket);
  }
}

export function dialingAgent(dial: Dialer, secure: true, options?: AgentOptions): HttpsAgent;
export function dialingAgent(dial: Dialer, secure: boolean, options?: AgentOptions): HttpsAgent | PlainAgent;
export function dialingAgent(dial: Dialer, secure: boolean, options: AgentOptions = {}): HttpsAgent | PlainAgent {
  return secure ? new DialingHttpsAgent(dial, options) : new DialingHttpAgent(dial, options);
}

function dialFor(
  { host, port }: ClientRequestArgs,
  dial: Dialer,
  connected: Connected | undefined,
  above: (socket: Duplex) => Duplex,
): void {
  dial(String(host), Number(port)).then(
    (socket) => connected?.(null, above(socket)),
    (error: Error) => connected?.(error, undefined as unknown as Duplex),
  );
}
