/** The part of `ws` that is used here; the package ships no types. */
declare module "ws" {
  import type { EventEmitter } from "node:events";
  import type { ClientRequest, IncomingMessage } from "node:http";
  import type { Duplex, Writable } from "node:stream";

  export class WebSocket extends EventEmitter {
    constructor(url: string, protocols: readonly string[], options: object);
    readonly OPEN: number;
    readonly readyState: number;
    readonly protocol: string;
    readonly isPaused: boolean;
    send(data: Uint8Array | string, done?: (error?: Error) => void): void;
    send(data: Uint8Array | string, options: { binary?: boolean }, done?: (error?: Error) => void): void;
    close(code?: number, reason?: string): void;
    terminate(): void;
    ping(): void;
    pause(): void;
    resume(): void;
    on(event: "message", run: (data: Buffer, isBinary: boolean) => void): this;
    on(event: "error", run: (error: Error) => void): this;
    on(event: "close", run: (code: number) => void): this;
    once(event: "open", run: () => void): this;
    once(event: "unexpected-response", run: (request: ClientRequest, response: IncomingMessage) => void): this;
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: object);
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, run: (socket: WebSocket) => void): void;
    on(event: "wsClientError", run: (error: Error, socket: Duplex) => void): this;
    on(event: "headers", run: (headers: string[], request: IncomingMessage) => void): this;
  }

  export class Receiver extends Writable {
    constructor(options: object);
  }

  export class Sender {
    static frame(data: Buffer, options: object): Buffer[];
  }
}
