/**
 * Rows of the log as they travel between the threads: many in one buffer, which is transferred and not copied.
 * Holds: keys are ASCII; a value read from a buffer is a view of it.
 */
export interface LogRecord {
  readonly revision: number;
  readonly created: number;
  /** The revision that it replaced; 0 when nothing stood there. */
  readonly previous: number;
  /** Wall time of the write, in milliseconds. */
  readonly at: number;
  /** Seconds that it lives without another write; 0 for ever. */
  readonly ttl: number;
  readonly key: string;
  /** The bytes; null for a delete; undefined where the reader did not ask for them. */
  readonly value: Uint8Array | null | undefined;
  /** How many bytes the value has that was not asked for. */
  readonly withheldBytes?: number;
}

const HEADER_BYTES = 8 * 4 + 4 * 3;
const DELETED = -1;
/** A value that was not asked for: this, less its size. */
const WITHHELD = -2;

export const recordBytes = (key: string, value: Uint8Array | null | undefined): number =>
  HEADER_BYTES + key.length + (value?.length ?? 0);

/** Writes a record at `offset`; answers with the offset behind it. The buffer must have room for it. */
export function writeRecord(into: Buffer, offset: number, record: LogRecord): number {
  const { key, value } = record;
  into.writeDoubleLE(record.revision, offset);
  into.writeDoubleLE(record.created, offset + 8);
  into.writeDoubleLE(record.previous, offset + 16);
  into.writeDoubleLE(record.at, offset + 24);
  into.writeUInt32LE(record.ttl, offset + 32);
  into.writeUInt32LE(key.length, offset + 36);
  into.writeInt32LE(
    value ? value.length : value === null ? DELETED : WITHHELD - (record.withheldBytes ?? 0),
    offset + 40,
  );
  const keyAt = offset + HEADER_BYTES;
  into.write(key, keyAt, "latin1");
  const valueAt = keyAt + key.length;
  if (!value) return valueAt;
  into.set(value, valueAt);
  return valueAt + value.length;
}

/** Calls `each` for every record of a buffer. */
export function readRecords(buffer: ArrayBuffer, length: number, each: (record: LogRecord) => void): void {
  const from = Buffer.from(buffer, 0, length);
  for (let offset = 0; offset < length; ) {
    const keyAt = offset + HEADER_BYTES;
    const valueAt = keyAt + from.readUInt32LE(offset + 36);
    const size = from.readInt32LE(offset + 40);
    const end = valueAt + Math.max(size, 0);
    each({
      revision: from.readDoubleLE(offset),
      created: from.readDoubleLE(offset + 8),
      previous: from.readDoubleLE(offset + 16),
      at: from.readDoubleLE(offset + 24),
      ttl: from.readUInt32LE(offset + 32),
      key: from.toString("latin1", keyAt, valueAt),
      value: size >= 0 ? new Uint8Array(buffer, valueAt, size) : size === DELETED ? null : undefined,
      withheldBytes: size <= WITHHELD ? WITHHELD - size : 0,
    });
    offset = end;
  }
}

/** Gathers records into buffers of about `chunkBytes` and hands each on when it is full. */
export class RecordChunks {
  readonly #chunkBytes: number;
  readonly #full: (buffer: ArrayBuffer, length: number) => void;
  #buffer: Buffer | undefined;
  #length = 0;

  constructor(chunkBytes: number, full: (buffer: ArrayBuffer, length: number) => void) {
    this.#chunkBytes = chunkBytes;
    this.#full = full;
  }

  add(record: LogRecord): void {
    const size = recordBytes(record.key, record.value);
    if (this.#buffer && this.#length + size > this.#buffer.length) this.flush();
    this.#buffer ??= Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, size));
    this.#length = writeRecord(this.#buffer, this.#length, record);
  }

  flush(): void {
    if (!this.#buffer) return;
    this.#full(this.#buffer.buffer as ArrayBuffer, this.#length);
    this.#buffer = undefined;
    this.#length = 0;
  }
}
