/**
 * Reads the protobuf wire format. `bytes` are views into the input, not copies.
 * Holds: it never reads past its end; what is cut short or malformed throws `ProtoError`.
 */
export class ProtoError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProtoError";
  }
}

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const TWO_32 = 4294967296;
/** Groups and messages nested deeper than this are refused, as a guard for the stack. */
export const MAX_DEPTH = 100;

export class Reader {
  position: number;
  /** Where reading stops; narrowed by the caller while it reads a nested message. */
  end: number;
  readonly #buffer: Buffer;
  /** The upper half of the varint that `#varint` read last. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.end = this.#buffer.length;
  }

  /** An unsigned 32-bit varint; higher bits are dropped, as the format has it. */
  uint32(): number {
    const first = this.#buffer[this.position] as number;
    if (first < 128 && this.position < this.end) {
      this.position++;
      return first;
    }
    return this.#varint() >>> 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    const low = this.#varint();
    return low !== 0 || this.#high !== 0;
  }

  int64(): number | bigint {
    const low = this.#varint() >>> 0;
    const high = this.#high | 0;
    const value = high * TWO_32 + low;
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
  }

  uint64(): number | bigint {
    const low = this.#varint() >>> 0;
    const high = this.#high >>> 0;
    const value = high * TWO_32 + low;
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  sint64(): number | bigint {
    const value = BigInt(this.uint64());
    return exact((value >> 1n) ^ -(value & 1n));
  }

  fixed32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  sfixed32(): number {
    return this.#buffer.readInt32LE(this.#take(4));
  }

  fixed64(): number | bigint {
    return exact(this.#buffer.readBigUInt64LE(this.#take(8)));
  }

  sfixed64(): number | bigint {
    return exact(this.#buffer.readBigInt64LE(this.#take(8)));
  }

  float(): number {
    return this.#buffer.readFloatLE(this.#take(4));
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  string(): string {
    const size = this.uint32();
    const at = this.#take(size);
    return this.#buffer.toString("utf8", at, at + size);
  }

  /** A view of the bytes, valid as long as the input is. */
  bytes(): Buffer {
    const size = this.uint32();
    const at = this.#take(size);
    return this.#buffer.subarray(at, at + size);
  }

  /** Reads a length, narrows `end` to it and returns the end to be restored after the nested message. */
  enter(): number {
    const size = this.uint32();
    const outer = this.end;
    if (size > outer - this.position) throw new ProtoError(this.#cut());
    this.end = this.position + size;
    return outer;
  }

  /** Skips the value of a field nobody knows. */
  skip(wireType: number, depth = 0): void {
    if (wireType === WIRE.varint) this.#varint();
    else if (wireType === WIRE.bytes) this.#take(this.uint32());
    else if (wireType === WIRE.fixed32) this.#take(4);
    else if (wireType === WIRE.fixed64) this.#take(8);
    else if (wireType === WIRE.startGroup && depth < MAX_DEPTH) this.#skipGroup(depth + 1);
    else throw new ProtoError(`protobuf: unexpected wire type ${wireType} at byte ${this.position}`);
  }

  #skipGroup(depth: number): void {
    for (;;) {
      const wireType = this.uint32() & 7;
      if (wireType === WIRE.endGroup) return;
      this.skip(wireType, depth);
    }
  }

  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.end) throw new ProtoError(this.#cut());
      const byte = this.#buffer[this.position++] as number;
      if (shift < 28) low |= (byte & 127) << shift;
      else if (shift === 28) {
        low |= (byte & 127) << 28;
        high = (byte & 127) >>> 4;
      } else high |= (byte & 127) << (shift - 32);
      if (byte < 128) {
        this.#high = high;
        return low;
      }
    }
    throw new ProtoError(`protobuf: a number longer than ten bytes at byte ${this.position}`);
  }

  #take(size: number): number {
    const at = this.position;
    if (size > this.end - at) throw new ProtoError(this.#cut());
    this.position = at + size;
    return at;
  }

  #cut(): string {
    return `protobuf: the message is cut short at byte ${this.position}`;
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
