/**
 * Values of JSON as CBOR, as Kubernetes writes it: marked as CBOR by its first bytes, texts and keys as strings of bytes, floating
 * numbers in the fewest bytes that hold them.
 */
import type { ReadonlyJson } from "./json-value.ts";

/** The head of the tag that says "this is CBOR". */
export const CBOR_MAGIC = Buffer.from([0xd9, 0xd9, 0xf7]);

const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const LIST = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;

/** Members that are undefined are left out, as in JSON. */
export function writeCbor(value: unknown): Buffer {
  const writer = new Writer();
  writer.raw(CBOR_MAGIC);
  writer.value(value as ReadonlyJson);
  return writer.bytes();
}

/** Without the mark: a part of something larger. */
export function writeCborItem(value: unknown): Buffer {
  const writer = new Writer();
  writer.value(value as ReadonlyJson);
  return writer.bytes();
}

/** What stands before the items of a list. */
export function writeCborListHead(length: number): Buffer {
  const writer = new Writer();
  writer.head(LIST, length);
  return writer.bytes();
}

class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  bytes(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  value(value: ReadonlyJson): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "boolean":
        return this.#byte(value ? TRUE : FALSE);
      case "bigint":
        return this.#integer(value);
      case "number":
        return Number.isSafeInteger(value) ? this.#integer(BigInt(value)) : this.#float(value);
    }
    if (value === null || value === undefined) this.#byte(NULL);
    else if (Array.isArray(value)) this.#list(value);
    else this.#map(value as { readonly [key: string]: ReadonlyJson });
  }

  #list(list: readonly ReadonlyJson[]): void {
    this.head(LIST, list.length);
    for (const item of list) this.value(item);
  }

  #map(map: { readonly [key: string]: ReadonlyJson }): void {
    const keys = Object.keys(map).filter((key) => map[key] !== undefined);
    this.head(MAP, keys.length);
    for (const key of keys) {
      this.#text(key);
      this.value(map[key] as ReadonlyJson);
    }
  }

  #text(text: string): void {
    const size = Buffer.byteLength(text);
    this.head(BYTES, size);
    this.#reserve(size);
    this.#length += this.#buffer.write(text, this.#length);
  }

  #integer(value: bigint): void {
    if (value >= 0n) this.head(UNSIGNED, value);
    else this.head(NEGATIVE, -1n - value);
  }

  head(major: number, value: number | bigint): void {
    this.#reserve(9);
    if (value < 24) this.#byte(major | Number(value));
    else if (value < 2 ** 8) this.#sized(major | 24, 1, value);
    else if (value < 2 ** 16) this.#sized(major | 25, 2, value);
    else if (value < 2 ** 32) this.#sized(major | 26, 4, value);
    else {
      this.#byte(major | 27);
      this.#length = this.#buffer.writeBigUInt64BE(BigInt(value), this.#length);
    }
  }

  #sized(first: number, size: number, value: number | bigint): void {
    this.#byte(first);
    this.#length = this.#buffer.writeUIntBE(Number(value), this.#length, size);
  }

  #float(value: number): void {
    const size = Math.f16round(value) === value ? 2 : Math.fround(value) === value ? 4 : 8;
    const view = new DataView(new ArrayBuffer(size));
    if (size === 2) view.setFloat16(0, value);
    else if (size === 4) view.setFloat32(0, value);
    else view.setFloat64(0, value);
    this.#byte(0xf8 + Math.log2(size));
    this.raw(new Uint8Array(view.buffer));
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#length + size));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
