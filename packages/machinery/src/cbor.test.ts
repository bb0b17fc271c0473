import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CborError, parseCbor, writeCbor } from "./cbor.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("CBOR", () => {
  test("holds whatever JSON does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
        assert.deepEqual(parseCbor(writeCbor(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  const written: [unknown, string][] = [
    [null, "f6"],
    [true, "f5"],
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [-1, "20"],
    [1000000, "1a000f4240"],
    [9223372036854775807n, "1b7fffffffffffffff"],
    [-9223372036854775808n, "3b7fffffffffffffff"],
    [1.5, "f93e00"],
    [100000.5, "fa47c35040"],
    [1.1, "fb3ff199999999999a"],
    ["IETF", "4449455446"],
    [["a", 1], "82416101"],
    [{ kind: "Pod", gone: undefined }, "a1446b696e6443506f64"],
  ];
  for (const [value, bytes] of written)
    test(`writes ${typeof value === "bigint" ? value : JSON.stringify(value)} as the original does`, () => {
      assert.equal(writeCbor(value).toString("hex"), `d9d9f7${bytes}`);
    });

  const read: [string, unknown][] = [
    ["6449455446", "IETF"],
    ["d9d9f7 d9d9f7 01", 1],
    ["d6 43 010203", "AQID"],
    ["d7 42 beef", "beef"],
    ["c0 74 323031332d30332d32315432303a30343a30305a", "2013-03-21T20:04:00Z"],
    ["5f 4161 4162 ff", "ab"],
    ["9f 01 9f ff ff", [1, []]],
    ["bf 6161 01 ff", { a: 1 }],
    ["f90000", 0],
    ["a1 69 5f5f70726f746f5f5f 01", JSON.parse('{"__proto__":1}')],
  ];
  for (const [bytes, value] of read) test(`reads ${bytes}`, () => assert.deepEqual(parseCbor(hex(bytes)), value));

  const refused: [string, RegExp][] = [
    ["", /unexpected EOF/],
    ["82 01", /unexpected EOF/],
    ["9bffffffffffffffff", /unexpected EOF/],
    ["5bffffffffffffffff00", /unexpected EOF/],
    ["01 02", /1 bytes of extraneous data starting at index 1/],
    ["a2 6161 01 6161 02", /duplicate map key "a" at map element index 1/],
    ["a2 6161 01 4161 02", /duplicate map key "a"/],
    ["a1 01 01", /a key of a map/],
    ["61 ff", /invalid UTF-8/],
    ["f97e00", /NaN/],
    ["f97c00", /infinity/],
    ["f7", /simple value/],
    ["1bffffffffffffffff", /18446744073709551615 into Go value of type int64/],
    ["c2 41 01", /bignum/],
    ["5f 6161 ff", /wrong element type/],
    ["ff", /simple value/],
    ["1c", /additional information 28/],
    ["81".repeat(70), /exceeded max nested level 64/],
    ["d6".repeat(70), /exceeded max nested level 64/],
  ];
  for (const [bytes, why] of refused)
    test(`refuses ${bytes.slice(0, 24) || "nothing"}`, () => {
      assert.throws(
        () => parseCbor(hex(bytes)),
        (error) => error instanceof CborError && why.test(error.message),
      );
    });

  test("random bytes are read or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseCbor(bytes);
        } catch (error) {
          assert.ok(error instanceof CborError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
