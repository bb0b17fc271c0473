/**
 * What a verb has while it runs: where to write, the terminal, the clock, and the server, which is reached when first asked for.
 * Holds: one connection and one discovery for a run; `close` lets go of both.
 */
import type { Readable, Writable } from "node:stream";
import type { Clock, Random } from "@kubets/machinery";
import type { CommandIo } from "@kubets/machinery/command";
import { parseDuration } from "@kubets/machinery/duration";
import { type ConfigSource, connectionBy, openLink } from "./api/connect.ts";
import { Rest } from "./api/rest.ts";
import type { GlobalValues } from "./global-flags.ts";
import { discover } from "./resources/discovery.ts";
import { Mapper } from "./resources/mapper.ts";

/** The standard streams of a program; `isTTY` tells whether a person sits there. */
export interface StandardStreams {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  readonly stderr: Writable;
}

export interface Machine extends ConfigSource {
  readonly streams: StandardStreams;
  readonly clock: Clock;
  readonly random: Random;
}

/** A server, and in which namespace to work. */
export interface Api {
  readonly rest: Rest;
  readonly namespace: string;
  /** The namespace was said by a flag. */
  readonly namespaceGiven: boolean;
  readonly server: string;
  mapper(): Promise<Mapper>;
  stdin(): Promise<string>;
}

export class Session {
  readonly io: CommandIo;
  readonly machine: Machine;
  readonly flags: GlobalValues;
  #api: Promise<Api> | undefined;
  #stdin: Promise<string> | undefined;
  warnings = 0;

  constructor(io: CommandIo, machine: Machine, flags: GlobalValues) {
    this.io = io;
    this.machine = machine;
    this.flags = flags;
  }

  /** A line for people and pipes. */
  line(text: string): void {
    this.io.output(`${text}\n`);
  }

  /** A line on the side. */
  note(text: string): void {
    this.io.error(`${text}\n`);
  }

  now(): number {
    return this.machine.clock.now();
  }

  api(): Promise<Api> {
    this.#api ??= this.#open();
    return this.#api;
  }

  stdin = (): Promise<string> => {
    this.#stdin ??= readAll(this.machine.streams.stdin);
    return this.#stdin;
  };

  /** A line that a person types. */
  async answer(): Promise<string> {
    let typed = "";
    for await (const chunk of this.machine.streams.stdin) {
      typed += String(chunk);
      if (typed.includes("\n")) break;
    }
    return (typed.split("\n")[0] ?? "").trim();
  }

  async close(): Promise<void> {
    const api = await this.#api?.catch(() => undefined);
    await api?.rest.link.transport.close();
  }

  async #open(): Promise<Api> {
    const connection = await connectionBy(this.flags, this.machine);
    const link = await openLink(connection, { level: this.flags.v, note: (text) => this.note(text) });
    const warned = new Set<string>();
    const rest = new Rest(link, {
      warn: (text) => {
        if (warned.has(text)) return;
        warned.add(text);
        this.warnings++;
        this.note(`Warning: ${text}`);
      },
      timeoutMs: timeoutMs(this.flags["request-timeout"]),
    });
    let mapper: Promise<Mapper> | undefined;
    return {
      rest,
      namespace: this.flags.namespace || connection.namespace,
      namespaceGiven: this.flags.namespace !== "",
      server: connection.server,
      mapper: () => (mapper ??= discover(rest).then((groups) => new Mapper(groups))),
      stdin: this.stdin,
    };
  }
}

const timeoutMs = (text: string): number => (/^[0-9]+$/.test(text) ? Number(text) * 1000 : parseDuration(text));

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}
