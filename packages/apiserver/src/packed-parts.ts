/**
 * Bytes in several parts as one gzip stream, though each part is packed for itself, and only once.
 * Holds: the stream has one member. Node, Go and curl read several on end as one text; browsers stop behind the first.
 */
import { once } from "node:events";
import { constants, createGzip } from "node:zlib";

interface PackedPart {
  /** Whole bytes that need nothing that stands before them, and do not end the stream. */
  readonly blocks: Buffer;
  /** Of the part as it was. */
  readonly checksum: number;
  readonly size: number;
}

export async function packed(parts: readonly Uint8Array[]): Promise<Buffer[]> {
  const stream: Buffer[] = [HEAD];
  let checksum = 0;
  let size = 0;
  for (const part of await Promise.all(parts.map(packedOnce))) {
    stream.push(part.blocks);
    checksum = checksumOfBoth(checksum, part.checksum, part.size);
    size += part.size;
  }
  const end = Buffer.from(END);
  end.writeUInt32LE(checksum, LAST_BLOCK);
  end.writeUInt32LE(size % 2 ** 32, LAST_BLOCK + 4);
  stream.push(end);
  return stream;
}

/** Deflated, no name, no time, of no system in particular. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty block that is the last, then the checksum and the size. */
const END = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const LAST_BLOCK = 2;
const CHUNK_BYTES = 128 * 1024;

const known = new WeakMap<Uint8Array, Promise<PackedPart>>();

function packedOnce(part: Uint8Array): Promise<PackedPart> {
  let found = known.get(part);
  if (!found) known.set(part, (found = pack(part)));
  return found;
}

/** Beside the event loop. */
async function pack(part: Uint8Array): Promise<PackedPart> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES });
  const made: Buffer[] = [];
  gzip.on("data", (chunk: Buffer) => made.push(chunk));
  gzip.write(part);
  // Ends what there is of blocks on a whole byte, so that only what ends the stream follows. An end that is known by then would be made at once.
  await new Promise<void>((resolve) => gzip.flush(constants.Z_FULL_FLUSH, resolve));
  gzip.end();
  await once(gzip, "end");
  const whole = Buffer.concat(made);
  const end = whole.length - END.length;
  return {
    blocks: whole.subarray(HEAD.length, end),
    checksum: whole.readUInt32LE(end + LAST_BLOCK),
    size: part.length,
  };
}

/** Of two texts on end, by the checksums (CRC-32) of both: the first is moved on by the size of the second. */
export const checksumOfBoth = (first: number, second: number, secondSize: number): number =>
  (times(first, powerOfX(secondSize * 8)) ^ second) >>> 0;

/** Polynomials over two elements, the lowest power in the highest bit, by what CRC-32 divides by. */
const DIVISOR = 0xedb88320;
const ONE = 0x80000000;
const X = 0x40000000;

function times(a: number, b: number): number {
  let product = 0;
  for (let bit = ONE, shifted = b; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ DIVISOR : shifted >>> 1;
  }
  return product >>> 0;
}

function powerOfX(exponent: number): number {
  let power = ONE;
  for (let rest = exponent, square = X; rest > 0; rest = Math.floor(rest / 2), square = times(square, square))
    if (rest % 2 === 1) power = times(power, square);
  return power;
}
