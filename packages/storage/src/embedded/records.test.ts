import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LogRecord, RecordChunks, readRecords } from "./records.ts";

describe("records", () => {
  it("come out as they went in, over as many chunks as it takes", () => {
    const base = { created: 2 ** 40, previous: 0, at: 1_763_000_000_000.5, ttl: 3600 };
    const values = [new Uint8Array(0), null, undefined, new Uint8Array(10).fill(7), new Uint8Array(5000).fill(9)];
    const records: LogRecord[] = values.map((value, i) => ({
      ...base,
      revision: 2 ** 45 + i,
      key: `/registry/pods/${"n".repeat(i)}`,
      value,
      withheldBytes: value === undefined ? 12_345 : 0,
    }));
    const read: LogRecord[] = [];
    let chunkCount = 0;
    const chunks = new RecordChunks(300, (buffer, length) => {
      chunkCount++;
      readRecords(buffer, length, (record) => read.push(record));
    });
    for (const record of records) chunks.add(record);
    chunks.flush();
    assert.deepEqual(read, records);
    assert.equal(chunkCount, 2);
  });
});
