/**
 * Asks other name servers, and remembers what they said.
 * Holds: an answer is taken only from the server that was asked, for the id and the question that were asked; nothing is remembered longer
 * than its records live, nor than 30 s; each question waits for one answer, however many ask it at once.
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { Clock } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import { readName, walkRecords } from "./message.ts";
import { type Question, rcode, type } from "./record.ts";

export interface UpstreamServer {
  readonly host: string;
  readonly port: number;
}

interface UpstreamOptions {
  readonly servers: readonly UpstreamServer[];
  readonly clock: Clock;
  /** How long one server may take; 2 s by default. */
  readonly timeoutMs?: number;
}

interface Remembered {
  readonly message: Buffer;
  readonly since: number;
  readonly until: number;
}

const CACHE_ENTRIES = 10_000;
const LONGEST_MS = 30_000;
const NEGATIVE_MS = 5_000;

export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #cache = new LruCache<string, Remembered>(CACHE_ENTRIES);
  readonly #asking = new Map<string, Promise<Buffer | undefined>>();
  hits = 0;
  misses = 0;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** The answer with the query's id; undefined when no server gave one. */
  async ask(query: Buffer, question: Question, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    // Queries with other flags or EDNS sizes get other answers.
    const key = `${transport} ${question.name.toLowerCase()} ${question.type} ${query.toString("latin1", 2, 4)} ${query.toString("latin1", 12 + question.name.length + 6)}`;
    const remembered = this.#recall(key);
    if (remembered) this.hits++;
    else this.misses++;
    const answer = remembered ?? (await this.#askOnce(key, query, question, transport));
    if (!answer) return undefined;
    const own = Buffer.from(answer);
    query.copy(own, 0, 0, 2);
    return own;
  }

  #recall(key: string): Buffer | undefined {
    const now = this.#options.clock.monotonic();
    const found = this.#cache.get(key);
    if (!found || found.until <= now) return undefined;
    return aged(found.message, Math.floor((now - found.since) / 1000));
  }

  #askOnce(key: string, query: Buffer, question: Question, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    const running = this.#asking.get(key);
    if (running) return running;
    const work = this.#askAll(query, question, transport)
      .then((answer) => {
        if (answer) this.#remember(key, answer);
        return answer;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, work);
    return work;
  }

  async #askAll(query: Buffer, question: Question, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    const { servers, clock, timeoutMs = 2000 } = this.#options;
    let last: Buffer | undefined;
    for (const server of servers) {
      const asked = Buffer.from(query);
      // An id of our own, which nobody can guess.
      asked.writeUInt16BE(randomInt(65_536), 0);
      const ask = transport === "udp" ? askUdp : askTcp;
      const answer = await inTime(clock, timeoutMs, (signal) => ask(server, asked, question, signal)).catch(
        () => undefined,
      );
      if (!answer) continue;
      last = answer;
      const code = (answer[3] ?? 0) & 0xf;
      if (code !== rcode.servFail && code !== rcode.refused) return answer;
    }
    return last;
  }

  #remember(key: string, message: Buffer): void {
    const code = (message[3] ?? 0) & 0xf;
    const isCut = ((message[2] ?? 0) & 2) !== 0;
    if (isCut || (code !== rcode.noError && code !== rcode.nxDomain)) return;
    const records = recordsOf(message);
    if (!records) return;
    const lives = records
      .filter((record) => record.type !== type.OPT)
      .map(({ at }) => message.readUInt32BE(at + 4) * 1000);
    const isNegative = message.readUInt16BE(6) === 0;
    const ms = Math.min(...lives, isNegative ? NEGATIVE_MS : LONGEST_MS);
    const since = this.#options.clock.monotonic();
    if (ms > 0 && lives.length > 0) this.#cache.set(key, { message, since, until: since + ms });
  }
}

function recordsOf(message: Buffer) {
  const name = readName(message, 12);
  if (!name) return undefined;
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  return walkRecords(message, name.end + 4, count);
}

/** The message as it is so many seconds later. */
function aged(message: Buffer, seconds: number): Buffer {
  const copy = Buffer.from(message);
  for (const { at, type: kind } of recordsOf(copy) ?? []) {
    if (kind === type.OPT) continue;
    copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(at + 4) - seconds), at + 4);
  }
  return copy;
}

/** Whether a message answers what was asked. */
function isAnswer(message: Buffer, asked: Buffer, question: Question): boolean {
  if (message.length < 12 || message.readUInt16BE(0) !== asked.readUInt16BE(0)) return false;
  if (!(message.readUInt16BE(2) & 0x8000) || message.readUInt16BE(4) !== 1) return false;
  const name = readName(message, 12);
  return (
    name !== undefined &&
    name.end + 4 <= message.length &&
    name.text.toLowerCase() === question.name.toLowerCase() &&
    message.readUInt16BE(name.end) === question.type
  );
}

/** Runs something that ends when its signal says so. */
async function inTime<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = clock.after(ms, () => late.abort(new Error("no answer in time")));
  try {
    return await work(late.signal);
  } finally {
    timer.cancel();
  }
}

function askUdp(
  { host, port }: UpstreamServer,
  asked: Buffer,
  question: Question,
  signal: AbortSignal,
): Promise<Buffer> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise<Buffer>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    socket.once("error", reject);
    socket.on("message", (message) => {
      if (isAnswer(message, asked, question)) resolve(message);
    });
    // Connected: the kernel lets only this server's answers through, and tells of refusals.
    socket.connect(port, host, () => socket.send(asked));
  }).finally(() => socket.close());
}

function askTcp(
  { host, port }: UpstreamServer,
  asked: Buffer,
  question: Question,
  signal: AbortSignal,
): Promise<Buffer> {
  const socket = connect({ host, port });
  return new Promise<Buffer>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    let got: Buffer = Buffer.alloc(0);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without an answer")));
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      const message = got.subarray(2, 2 + got.readUInt16BE(0));
      if (isAnswer(message, asked, question)) resolve(message);
      else reject(new Error("an answer to something else"));
    });
    const size = Buffer.alloc(2);
    size.writeUInt16BE(asked.length);
    socket.write(Buffer.concat([size, asked]));
  }).finally(() => socket.destroy());
}
