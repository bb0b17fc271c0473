/**
 * Reads a watch off an HTTP answer: one JSON text a line, those that arrived in one chunk told in one batch.
 * Holds: a line is parsed once, whole; an ERROR event ends the watch with the StatusError that it carries.
 */
import { parseAnswer } from "./absent-lists.ts";
import { statusError } from "./response-error.ts";
import type { TransportWatchSink } from "./transport.ts";

const LINE_FEED = 10;

interface Line {
  readonly type: string;
  readonly object: unknown;
}

/** Feeds the sink until the stream ends; the error with which it ended, or undefined for an orderly end. */
export async function readWatch(
  chunks: AsyncIterable<Uint8Array>,
  events: TransportWatchSink["events"],
): Promise<Error | undefined> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of chunks) {
      const batch: Line[] = [];
      let error: Error | undefined;
      for (const text of splitter.push(chunk)) {
        const line = parseAnswer(text) as Line;
        if (line.type === "ERROR") {
          error = watchError(line.object);
          break;
        }
        batch.push(line);
      }
      if (batch.length > 0) events(batch);
      if (error) return error;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What an ERROR event says. */
export const watchError = (object: unknown): Error =>
  statusError(object) ?? new Error(`the watch ended with ${JSON.stringify(object)}`);

/** Puts chunks together to lines. A line that spans chunks is copied once. */
export class LineSplitter {
  #rest: Buffer[] = [];

  push(chunk: Uint8Array): string[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      const text = this.#complete(bytes, from, end);
      if (text !== "") lines.push(text);
      from = end + 1;
    }
    if (from < bytes.length) this.#rest.push(bytes.subarray(from));
    return lines;
  }

  #complete(bytes: Buffer, from: number, end: number): string {
    if (this.#rest.length === 0) return bytes.toString("utf8", from, end).trim();
    const whole = Buffer.concat([...this.#rest, bytes.subarray(from, end)]);
    this.#rest = [];
    return whole.toString("utf8").trim();
  }
}
