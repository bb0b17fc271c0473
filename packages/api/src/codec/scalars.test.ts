import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canonicalBase64 } from "./base64.ts";

import { canonicalMicroTime, canonicalTime } from "./time.ts";

describe("times", () => {
  for (const [text, want] of [
    ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"],
    ["2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59Z"],
    ["2024-01-01T01:00:00+02:30", "2023-12-31T22:30:00Z"],
    ["0099-01-01T00:00:00Z", "0099-01-01T00:00:00Z"],
    ["0001-01-01T00:00:00Z", undefined],
  ] as const)
    test(text, () => assert.equal(canonicalTime(text), want));

  for (const [text, why] of [
    ["", 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
    ["2024-13-01T00:00:00Z", 'parsing time "2024-13-01T00:00:00Z": month out of range'],
    ["2024-01-01T24:00:00Z", 'parsing time "2024-01-01T24:00:00Z": hour out of range'],
    ["2024-01-01T00:00:00Zx", 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'],
    ["2024-01-01", 'parsing time "2024-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  ] as const)
    test(why, () => assert.throws(() => canonicalTime(text), { message: why }));

  test("with six digits of a second", () => {
    assert.equal(canonicalMicroTime("2024-01-01T00:00:00.123456+01:00"), "2023-12-31T23:00:00.123456Z");
    assert.throws(() => canonicalMicroTime("2024-01-01T00:00:00Z"), /cannot parse "Z" as ".000000"$/);
    assert.throws(() => canonicalMicroTime("2024-01-01T00:00:00.000000000Z"), /cannot parse "000Z" as "Z07:00"$/);
  });
});

describe("bytes", () => {
  for (const [text, at] of [
    ["%%%", 0],
    ["YQ", 0],
    ["YQ=", 3],
    ["YQ==x", 4],
    ["YWE=YQ==", 4],
    ["YW%=", 2],
  ] as const)
    test(`${text} is wrong at byte ${at}`, () =>
      assert.throws(() => canonicalBase64(text), { message: `illegal base64 data at input byte ${at}` }));
});
