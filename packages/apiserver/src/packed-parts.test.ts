import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, gunzipSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { checksumOfBoth, packed } from "./packed-parts.ts";

test("parts become one member, which is all of the stream", async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(200_000).map((size) => Buffer.alloc(size, "kubets ")),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
      const wanted = Buffer.concat(parts);
      const stream = Buffer.concat(await packed(parts));
      assert.ok(gunzipSync(stream).equals(wanted));
      // A browser reads up to the end of the first member, and no further.
      const { buffer, engine } = inflateRawSync(stream.subarray(10), { info: true }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      assert.ok(buffer.equals(wanted));
      assert.equal(engine.bytesWritten, stream.length - 18);
    }),
    { numRuns: 50 },
  );
});

test("the checksum of two texts on end comes of the checksums of both", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), fc.uint8Array({ maxLength: 1000 }), (a, b) => {
      assert.equal(checksumOfBoth(crc32(a), crc32(b), b.length), crc32(Buffer.concat([a, b])));
    }),
  );
});
