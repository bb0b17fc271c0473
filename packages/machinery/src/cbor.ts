/**
 * CBOR (RFC 8949) as Kubernetes reads it: what JSON can say, and no more.
 * Holds: strings of bytes are texts, those marked for a later encoding the text of it; members that stand twice, numbers that JSON lacks,
 * other simple values and unlimited nesting are errors; a length is believed only as far as there are bytes.
 */
import { isUtf8 } from "node:buffer";
import { type JsonObject, type JsonValue, setOwn } from "./json-value.ts";

export { CBOR_MAGIC, writeCbor, writeCborItem, writeCborListHead } from "./cbor-writer.ts";

export class CborError extends Error {
  override name = "CborError";
}

const MAX_DEPTH = 64;
const MAX_INT64 = 2n ** 63n - 1n;
/** Where a head says that the end is marked by a break. */
const INDEFINITE = -1;
const BREAK = 0xff;

/** Marks on strings of bytes: which text stands for them. */
const LATER_ENCODING: Readonly<Record<number, BufferEncoding>> = { 21: "base64url", 22: "base64", 23: "hex" };
const BIGNUMS = new Set([2, 3]);

export function parseCbor(bytes: Uint8Array): JsonValue {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const value = reader.item(0);
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left) throw new CborError(`cbor: ${left} bytes of extraneous data starting at index ${this.#at}`);
  }

  item(depth: number, encoding?: BufferEncoding): JsonValue {
    if (depth > MAX_DEPTH) throw new CborError(`cbor: exceeded max nested level ${MAX_DEPTH}`);
    const first = this.#byte();
    const info = first & 0x1f;
    switch (first >> 5) {
      case 0:
        return this.#integer(this.#wholeLength(info));
      case 1:
        return this.#integer(-1n - this.#wholeLength(info));
      case 2:
        return this.#string(info, 2, encoding);
      case 3:
        return this.#string(info, 3);
      case 4:
        return this.#list(this.#length(info), depth);
      case 5:
        return this.#map(this.#length(info), depth);
      case 6:
        return this.#tagged(Number(this.#wholeLength(info)), depth);
      default:
        return this.#simple(info);
    }
  }

  #tagged(tag: number, depth: number): JsonValue {
    if (BIGNUMS.has(tag)) throw new CborError("cbor: cannot unmarshal bignum into Go value of type interface {}");
    return this.item(depth + 1, LATER_ENCODING[tag]);
  }

  #simple(info: number): JsonValue {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    const size = info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : 0;
    if (!size) throw new CborError("cbor: simple value is not recognized");
    const { buffer, byteOffset } = this.#take(size);
    const view = new DataView(buffer, byteOffset, size);
    const value = size === 2 ? view.getFloat16(0) : size === 4 ? view.getFloat32(0) : view.getFloat64(0);
    if (!Number.isFinite(value)) throw new CborError("cbor: floating-point NaN and infinity are not allowed");
    return value;
  }

  #integer(value: bigint): JsonValue {
    if (value > MAX_INT64 || value < -MAX_INT64 - 1n)
      throw new CborError(`cbor: cannot unmarshal ${value} into Go value of type int64`);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #string(info: number, major: 2 | 3, encoding?: BufferEncoding): string {
    const length = this.#length(info);
    const bytes = length === INDEFINITE ? this.#chunks(major) : this.#take(length);
    if (encoding) return bytes.toString(encoding);
    if (!isUtf8(bytes)) throw new CborError("cbor: invalid UTF-8 string");
    return bytes.toString("utf8");
  }

  #chunks(major: 2 | 3): Buffer {
    const chunks: Buffer[] = [];
    while (!this.#atBreak()) {
      const first = this.#byte();
      const length = this.#length(first & 0x1f);
      if (first >> 5 !== major || length === INDEFINITE)
        throw new CborError("cbor: wrong element type for an indefinite-length string");
      chunks.push(this.#take(length));
    }
    return Buffer.concat(chunks);
  }

  #list(length: number, depth: number): JsonValue[] {
    const list: JsonValue[] = [];
    while (this.#goesOn(list.length, length)) list.push(this.item(depth + 1));
    return list;
  }

  #map(length: number, depth: number): JsonObject {
    const map: JsonObject = {};
    for (let count = 0; this.#goesOn(count, length); count++) {
      const key = this.item(depth + 1);
      if (typeof key !== "string") throw new CborError("cbor: a key of a map must be a string");
      if (Object.hasOwn(map, key))
        throw new CborError(`cbor: found duplicate map key ${JSON.stringify(key)} at map element index ${count}`);
      setOwn(map, key, this.item(depth + 1));
    }
    return map;
  }

  #goesOn(count: number, length: number): boolean {
    return length === INDEFINITE ? !this.#atBreak() : count < length;
  }

  #atBreak(): boolean {
    if (this.#at >= this.#bytes.length) throw endOfBytes();
    if (this.#bytes[this.#at] !== BREAK) return false;
    this.#at++;
    return true;
  }

  #length(info: number): number {
    if (info === 31) return INDEFINITE;
    const length = this.#wholeLength(info);
    // Each item takes a byte at least.
    if (length > BigInt(this.#bytes.length - this.#at)) throw endOfBytes();
    return Number(length);
  }

  #wholeLength(info: number): bigint {
    if (info < 24) return BigInt(info);
    if (info > 27) throw new CborError(`cbor: invalid additional information ${info}`);
    const size = 1 << (info - 24);
    const bytes = this.#take(size);
    return size === 8 ? bytes.readBigUInt64BE(0) : BigInt(bytes.readUIntBE(0, size));
  }

  #byte(): number {
    return this.#take(1)[0] as number;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw endOfBytes();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

const endOfBytes = () => new CborError("unexpected EOF");
