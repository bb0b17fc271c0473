/**
 * Header blocks of SPDY/3.1: names and values, compressed with one zlib stream for each direction of a connection.
 * What we send is stored, not squeezed (legal, and needs no state that could be awaited); what comes is inflated in order.
 */
import { constants, createInflate } from "node:zlib";
import { SPDY_DICTIONARY } from "./dictionary.ts";

export type Headers = Readonly<Record<string, string>>;

/** A header block larger than this, inflated, is an attack. */
const MAX_BLOCK_BYTES = 64 * 1024;
const LARGEST_STORED = 65_535;
/** An empty stored block. Go's inflater hands out what it has only when it meets one. */
const SYNC = Buffer.of(0, 0, 0, 0xff, 0xff);

/** Makes the blocks of one connection's sending side. */
export function headerWriter(): (headers: Headers) => Buffer {
  let begun = false;
  return (headers) => {
    const parts: Buffer[] = begun ? [] : [Buffer.of(0x78, 0x01)];
    begun = true;
    const block = blockOf(headers);
    for (let at = 0; at < block.length; at += LARGEST_STORED) {
      const piece = block.subarray(at, at + LARGEST_STORED);
      const head = Buffer.alloc(5);
      head.writeUInt16LE(piece.length, 1);
      head.writeUInt16LE(piece.length ^ 0xffff, 3);
      parts.push(head, piece);
    }
    return Buffer.concat([...parts, SYNC]);
  };
}

function blockOf(headers: Headers): Buffer {
  const entries = Object.entries(headers);
  return Buffer.concat([
    uint32(entries.length),
    ...entries.flatMap(([name, value]) => [counted(name.toLowerCase()), counted(value)]),
  ]);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

interface HeaderReader {
  /** Blocks must be given in the order in which they came, one after the other. */
  read(block: Buffer): Promise<Headers>;
  close(): void;
}

export function headerReader(): HeaderReader {
  const inflate = createInflate({
    dictionary: SPDY_DICTIONARY,
    flush: constants.Z_SYNC_FLUSH,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  inflate.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BLOCK_BYTES)
      inflate.destroy(new Error(`a SPDY header block is larger than ${MAX_BLOCK_BYTES} bytes`));
    else chunks.push(chunk);
  });
  let failure: Error | undefined;
  inflate.on("error", (error) => (failure = error));
  return {
    async read(block) {
      chunks.length = 0;
      size = 0;
      await new Promise<void>((resolve, reject) => {
        const onError = (error: Error) => reject(error);
        inflate.once("error", onError);
        inflate.write(block, () => {
          inflate.off("error", onError);
          resolve();
        });
      });
      // What was inflated is given out in the next turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (failure) throw failure;
      return parseBlock(Buffer.concat(chunks));
    },
    close: () => void inflate.destroy(),
  };
}

function parseBlock(block: Buffer): Headers {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = () => {
    const from = at + 4;
    at = from + block.readUInt32BE(at);
    if (at > block.length) throw new Error("a SPDY header block is cut short");
    return block.toString("utf8", from, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text();
    const value = text();
    if (name !== "__proto__") headers[name.toLowerCase()] = value.split("\0")[0] as string;
  }
  return headers;
}
