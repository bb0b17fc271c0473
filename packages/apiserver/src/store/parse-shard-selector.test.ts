import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StatusError } from "@kubets/machinery";
import { shardSelectorText } from "@kubets/machinery/shard-selector";
import { parseShardSelector } from "./parse-shard-selector.ts";

const UID = "object.metadata.uid";
const [ZERO, HALF, ALL] = ["0x0000000000000000", "0x8000000000000000", "0x10000000000000000"];
const whole = `shardRange(${UID}, '${ZERO}', '${ALL}')`;

describe("a shard selector is read", () => {
  const namespaces = `shardRange(object.metadata.namespace, '0x00000000000000aa', '0x00000000000000ff')`;
  const both = `shardRange(${UID}, '${ZERO}', '${HALF}') || shardRange(${UID}, '${HALF}', '${ALL}')`;
  const many = Array.from({ length: 50 }, () => whole).join(" || ");
  for (const text of [whole, namespaces, both, many])
    test(text.slice(0, 100), () => assert.equal(shardSelectorText(parseShardSelector(text)), text));

  for (const text of [
    `shardRange(${UID},'${ZERO}','${ALL}')`,
    ` shardRange( object . metadata.uid ,\n "${ZERO}" , '''${ALL}''' ) // all of them\n`,
    `(shardRange((${UID}), '${ZERO}', r'${ALL}'))`,
  ])
    test(`as CEL has it: ${JSON.stringify(text)}`, () =>
      assert.equal(shardSelectorText(parseShardSelector(text)), whole));
});

describe("a shard selector is refused", () => {
  const ranged = (start: string, end: string, field = UID) => `shardRange(${field}, ${start}, ${end})`;
  const cases: readonly (readonly [text: string, why: string])[] = [
    [" ", "empty shard selector is not allowed; omit the parameter for unfiltered lists"],
    ["shardRange(", "CEL parse error: Syntax error: mismatched input '<EOF>' expecting "],
    [UID, "unexpected expression kind select; expected shardRange() call or || operator"],
    [`${whole} && ${whole}`, 'unsupported function "_&&_"; only shardRange() and || are allowed'],
    [`!${whole}`, 'unsupported function "!_"; only'],
    [`object.${whole}`, 'unsupported function "shardRange"; only'],
    ["[1].all(x, x > 0)", 'unsupported function "all"; only'],
    [`shardRange(${UID}, '${ZERO}')`, "shardRange() requires exactly 3 arguments, got 2"],
    [`shardRange(${UID}, '${ZERO}', '${HALF}', '${ALL}')`, "shardRange() requires exactly 3 arguments, got 4"],
    [
      ranged(`'${ZERO}'`, `'${ALL}'`, "object.metadata.name"),
      'unsupported field path "object.metadata.name"; supported: object.metadata.uid, object.metadata.namespace',
    ],
    [
      ranged(`'${ZERO}'`, `'${ALL}'`, "'uid'"),
      "shardRange() first argument: expected field path (e.g. object.metadata.uid), got expression kind literal",
    ],
    [ranged("0", "8"), "hexStart must be a string literal (e.g. '0xff')"],
    [ranged(`'${ZERO}'`, "hex(8)"), "hexEnd must be a string literal (e.g. '0xff')"],
    [ranged(`'${ZERO}'`, `b'${ALL}'`), "hexEnd must be a string literal (e.g. '0xff')"],
    [ranged("'0000000000000000'", `'${ALL}'`), "hexStart must have '0x' prefix, got \"0000000000000000\""],
    [ranged("'0x'", `'${ALL}'`), "hexStart: hex value is required after '0x'"],
    [ranged(`'${ZERO}00'`, `'${ALL}'`), 'hexStart: hex value too long (18 chars, max 17): "000000000000000000"'],
    [ranged("'0x0g'", `'${ALL}'`), 'hexStart: invalid hex character "g" in "0x0g"'],
    [ranged("'0x000000000000000A'", `'${ALL}'`), 'hexStart: invalid hex character "A" in "0x000000000000000A"'],
    [
      ranged(`'${ZERO}'`, "'0x10000000000000001'"),
      "hexEnd: 17-digit hex value must be '0x10000000000000000' (2^64), got \"0x10000000000000001\"",
    ],
    [
      ranged(`'${ZERO}'`, "'0xff'"),
      'hexEnd must be a 0x-prefixed 16-digit hex value, got "0xff" (did you mean "0x00000000000000ff"?)',
    ],
    [ranged(`'${HALF}'`, `'${HALF}'`), `shard range start ${HALF} must be less than end ${HALF}`],
    [ranged(`'${ALL}'`, `'${ZERO}'`), `shard range start ${ALL} must be less than end ${ZERO}`],
    [
      `${whole} || ${ranged(`'${ZERO}'`, `'${ALL}'`, "object.metadata.namespace")}`,
      'all shard ranges must use the same field, got "object.metadata.uid" and "object.metadata.namespace"',
    ],
  ];
  for (const [text, why] of cases)
    test(text, () =>
      assert.throws(
        () => parseShardSelector(text),
        (error) =>
          error instanceof StatusError &&
          error.code === 400 &&
          error.message.startsWith(`invalid shard selector: ${why}`),
      ),
    );
});
