/** The frames of SPDY/3.1: written as bytes, and cut out of a stream of bytes. */
import { uint32 } from "./headers.ts";

export const CONTROL = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const FIN = 1;
export const RST = { protocolError: 1, refusedStream: 3, cancel: 5, internalError: 6 } as const;

export interface Frame {
  /** 0 for data, else one of CONTROL. */
  readonly type: number;
  readonly flags: number;
  /** Of data frames; in control frames it is part of the payload. */
  readonly streamId: number;
  readonly payload: Buffer;
}

const VERSION = 3;
/** Our data frames are cut at this size, so that streams take turns. */
export const MAX_DATA_BYTES = 32 * 1024;

export function controlFrame(type: number, flags: number, ...payload: readonly Buffer[]): Buffer {
  let size = 0;
  for (const part of payload) size += part.length;
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8000 | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(size, 4);
  head[4] = flags;
  return Buffer.concat([head, ...payload]);
}

export function dataHead(streamId: number, flags: number, size: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(size, 4);
  head[4] = flags;
  return head;
}

export const rstFrame = (streamId: number, status: number): Buffer =>
  controlFrame(CONTROL.rstStream, 0, uint32(streamId), uint32(status));

/** Cuts frames out of chunks of any size. */
export class FrameParser {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Frame> {
    let buffer = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (buffer.length >= 8) {
      const first = buffer.readUInt32BE(0);
      const size = buffer.readUInt32BE(4) & 0xffffff;
      const isControl = first >= 0x80000000;
      if (isControl && ((first >>> 16) & 0x7fff) !== VERSION) throw new Error("the other side does not speak SPDY/3.1");
      if (buffer.length < 8 + size) break;
      yield {
        type: isControl ? first & 0xffff : 0,
        flags: buffer[4] as number,
        streamId: isControl ? 0 : first,
        payload: buffer.subarray(8, 8 + size),
      };
      buffer = buffer.subarray(8 + size);
    }
    this.#rest = buffer;
  }
}
