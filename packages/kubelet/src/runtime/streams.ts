/** A command's or a port's streams within this process, for runtimes without a streaming server of their own. */
import type { Duplex, Readable, Writable } from "node:stream";

export type StreamHandler = CommandHandler | PortHandler;

export interface CommandHandler {
  readonly kind: "command";
  /** Runs until the command has ended and gives its exit code. */
  run(streams: CommandStreams): Promise<number>;
}

interface CommandStreams {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Sizes of the terminal as they change. */
  onResize?(run: (size: { width: number; height: number }) => void): void;
}

export interface PortHandler {
  readonly kind: "port";
  /** Connects one stream; rejects when nothing listens. */
  connect(port: number, stream: Duplex): Promise<void>;
}
