/** An exchange that came over a socket, as the core takes it, with the headers that the core adds to whatever is answered. */
import type { ChunkSink, Exchange, Peer } from "@kubets/wire/http";
import type { AuditRecord } from "../audit/record.ts";
import type { CoreExchange } from "./core-exchange.ts";
import type { Deadline } from "./deadlines.ts";
import { Pace } from "./pace.ts";

/** Many bodies may come in one turn of the loop, and what follows on each is most of what a write costs: in milliseconds, how much of that begins in a turn. */
const begins = new Pace(6);

export class SocketExchange implements CoreExchange {
  readonly socket: Exchange;
  audit: AuditRecord | undefined = undefined;
  deadline: Deadline | undefined = undefined;
  #added: readonly string[] = [];
  #onClose: (() => void)[] | undefined = undefined;

  constructor(socket: Exchange) {
    this.socket = socket;
  }

  get method(): string {
    return this.socket.method;
  }

  get url(): string {
    return this.socket.url;
  }

  get peer(): Peer {
    return this.socket.peer;
  }

  header(name: string): string | undefined {
    return this.socket.header(name);
  }

  async readBody(limit: number): Promise<Uint8Array> {
    const bytes = await this.socket.readBody(limit);
    const wait = begins.enter();
    if (wait) await wait;
    return bytes;
  }

  get onAnswer(): Exchange["onAnswer"] {
    return this.socket.onAnswer;
  }

  set onAnswer(told: Exchange["onAnswer"]) {
    this.socket.onAnswer = told;
  }

  addHeaders(headers: readonly string[]): void {
    this.#added = this.#added.length ? [...this.#added, ...headers] : headers;
  }

  respond(status: number, headers: readonly string[], body?: Uint8Array | readonly Uint8Array[]): void {
    if (this.deadline?.meet() === false) return;
    const told = this.audit?.answered(status);
    if (told) this.#respondAfter(told, status, headers, body);
    else this.#answer(status, headers, body);
  }

  #answer(status: number, headers: readonly string[], body?: Uint8Array | readonly Uint8Array[]): void {
    this.socket.respond(status, this.#all(headers), body);
    if (this.socket.isTaken) this.deadline?.lift();
    else this.deadline?.follow(this.socket, true);
  }

  #respondAfter(told: Promise<unknown>, ...answer: Parameters<CoreExchange["respond"]>): void {
    // What is answered already cannot be answered again, and there is nobody to hear of that.
    told.then(() => this.#answer(...answer)).catch(ignore);
  }

  stream(status: number, headers: readonly string[]): ChunkSink {
    if (this.deadline?.meet() === false) return NOBODY;
    const sink = this.socket.stream(status, this.#all(headers));
    this.deadline?.follow(sink, false);
    return sink;
  }

  /** One listener for all: a second would cost each request a list of them. */
  onClose(run: () => void): void {
    if (this.#onClose) return void this.#onClose.push(run);
    const runs = [run];
    this.#onClose = runs;
    this.socket.onClose(() => {
      this.#onClose = undefined;
      for (const each of runs) each();
    });
  }

  #all(headers: readonly string[]): readonly string[] {
    return this.#added.length ? [...headers, ...this.#added] : headers;
  }
}

function ignore(): void {}

/** Who was told already that it took too long. */
const NOBODY: ChunkSink = {
  write() {},
  pendingBytes: 0,
  drained: () => Promise.resolve(),
  end() {},
  abort() {},
  closed: true,
};
