/**
 * Writes the protobuf wire format from the end to the start, so that the length of a nested message is known when its
 * prefix is written and nothing is measured twice. The caller writes fields in reverse order: value first, then tag.
 * Holds: `finish` returns bytes of their own; a writer can be used again after it.
 */
const FIRST_SIZE = 1024;
const TWO_32 = 4294967296;

export class Writer {
  #buffer: Buffer;
  /** Where the written bytes begin; they end at the buffer's end. */
  #start: number;

  constructor(size = FIRST_SIZE) {
    this.#buffer = Buffer.allocUnsafeSlow(size);
    this.#start = size;
  }

  /** How many bytes are written; two readings around a nested message give its length. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  finish(): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafeSlow(this.length);
    this.#buffer.copy(bytes, 0, this.#start);
    this.#start = this.#buffer.length;
    return bytes;
  }

  tag(field: number, wireType: number): void {
    this.uint32(((field << 3) | wireType) >>> 0);
  }

  /** A varint of an unsigned 32-bit number. */
  uint32(value: number): void {
    let size = 1;
    for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++;
    let at = this.#room(size);
    let rest = value;
    while (rest > 127) {
      this.#buffer[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
  }

  /** A varint of a signed 32-bit number or an enum: negative ones take ten bytes, as the format has it. */
  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.#varint64(value | 0, -1);
  }

  /** A varint of a 64-bit integer, signed or not. */
  int64(value: number | bigint): void {
    if (typeof value === "bigint") this.#varint64(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
    else if (value >= 0 && value < TWO_32) this.uint32(value);
    else this.#varint64(value, Math.floor(value / TWO_32));
  }

  sint32(value: number): void {
    this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  sint64(value: number | bigint): void {
    const wide = BigInt(value);
    this.int64(BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n)));
  }

  bool(value: boolean): void {
    const at = this.#room(1);
    this.#buffer[at] = value ? 1 : 0;
  }

  fixed32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeUInt32LE(value >>> 0, at);
  }

  fixed64(value: number | bigint): void {
    const at = this.#room(8);
    this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
  }

  float(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeFloatLE(value, at);
  }

  double(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  /** Text with its length before it. */
  string(value: string): void {
    const size = Buffer.byteLength(value);
    const at = this.#room(size);
    this.#buffer.write(value, at, size, "utf8");
    this.uint32(size);
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.raw(value);
    this.uint32(value.length);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
  }

  #varint64(low: number, high: number): void {
    let lo = low >>> 0;
    let hi = high >>> 0;
    let size = 1;
    for (let l = lo, h = hi; h !== 0 || l > 127; size++) {
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    let at = this.#room(size);
    while (--size > 0) {
      this.#buffer[at++] = (lo & 127) | 128;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    this.#buffer[at] = lo;
  }

  /** Takes `size` bytes before what is written and returns where they begin. */
  #room(size: number): number {
    if (this.#start < size) this.#grow(size);
    this.#start -= size;
    return this.#start;
  }

  #grow(size: number): void {
    const written = this.length;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, written + size));
    const start = larger.length - written;
    this.#buffer.copy(larger, start, this.#start);
    this.#buffer = larger;
    this.#start = start;
  }
}
