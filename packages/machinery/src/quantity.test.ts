import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { milliQuantity, parseQuantity, Quantity, quantityOf, tryParseQuantity } from "./quantity.ts";

const WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

test("canonical text", () => {
  const cases: Array<[string, string]> = [
    ["0", "0"],
    ["0.0", "0"],
    ["-0", "0"],
    ["100m", "100m"],
    ["1", "1"],
    ["1000", "1k"],
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1.5", "1500m"],
    ["0.1", "100m"],
    [".5", "500m"],
    ["1.", "1."],
    ["64Mi", "64Mi"],
    ["1024Mi", "1Gi"],
    ["1025Mi", "1025Mi"],
    ["0.5Gi", "512Mi"],
    ["1.5Gi", "1536Mi"],
    ["512", "512"],
    ["0.1Ki", "102400m"],
    ["1Ki", "1Ki"],
    ["1e3", "1e3"],
    ["1E3", "1E3"],
    ["10e3", "10e3"],
    ["1e4", "10e3"],
    ["1000e3", "1e6"],
    ["1E", "1E"],
    ["1n", "1n"],
    ["0.1n", "1n"],
    ["1.1n", "2n"],
    ["-1.1n", "-2n"],
    ["1u", "1u"],
    ["12345678901234567890", "12345678901234567890"],
    ["1000000000000000000000", "1000E"],
    ["9Ei", "9223372036854775807"],
    ["7Ei", "7Ei"],
    ["100000Ti", "100000Ti"],
    ["-1Gi", "-1Gi"],
    ["1.500", "1.500"],
    ["+5", "+5"],
    ["123456Ki", "123456Ki"],
    ["8192Ki", "8Mi"],
    ["1500m", "1500m"],
    ["2000m", "2"],
    ["0.000001", "1u"],
    ["1e-3", "1e-3"],
    ["5000000k", "5G"],
  ];
  for (const [text, want] of cases) assert.equal(parseQuantity(text).toString(), want, text);
});

test("what is refused", () => {
  for (const text of ["", "abc", "1.2.3", "5 Gi", " 1", "1 ", "1Mi ", "0x10", "1,5", "1e3.5"]) {
    assert.throws(() => parseQuantity(text), { name: "QuantityError", message: WRONG_FORM }, text);
  }
  for (const text of ["1kk", "1mi", "1K", "1e", "1eE", "1Mii", "--1", "1e99999999999"]) {
    assert.throws(() => parseQuantity(text), { message: "unable to parse quantity's suffix" }, text);
  }
  assert.throws(() => parseQuantity("9".repeat(5000)), { message: "quantities must have at most 4096 characters" });
  assert.equal(parseQuantity("9".repeat(4000)).toString(), "9".repeat(4000));
  assert.equal(tryParseQuantity("nope"), undefined);
});

test("values round up", () => {
  assert.equal(parseQuantity("100m").value(), 1);
  assert.equal(parseQuantity("-100m").value(), -1);
  assert.equal(parseQuantity("1.5Gi").value(), 1610612736);
  assert.equal(parseQuantity("2").milliValue(), 2000);
  assert.equal(parseQuantity("1u").milliValue(), 1);
  assert.equal(parseQuantity("250m").milliValue(), 250);
  assert.equal(parseQuantity("16Ei").scaled(0), 2n ** 63n - 1n);
  assert.equal(parseQuantity("1.0001").roundUp(-3).toString(), "1001m");
  assert.equal(parseQuantity("1500m").toNumber(), 1.5);
});

test("sums and differences", () => {
  assert.equal(parseQuantity("100m").add(parseQuantity("1")).toString(), "1100m");
  assert.equal(parseQuantity("0").add(parseQuantity("1Gi")).toString(), "1Gi");
  assert.equal(parseQuantity("1Gi").sub(parseQuantity("512Mi")).toString(), "512Mi");
  assert.equal(parseQuantity("1Gi").sub(parseQuantity("1Gi")).toString(), "0");
  assert.equal(quantityOf(9007199254740991).add(quantityOf(2)).toString(), "9007199254740993");
  assert.equal(milliQuantity(500).multiply(3).toString(), "1500m");
  assert.equal(milliQuantity(500).times(milliQuantity(2500)).toString(), "1250m");
  assert.equal(parseQuantity("2Gi").times(parseQuantity("1500m")).toString(), "3Gi");
  assert.equal(quantityOf(1024 * 1024, "BinarySI").toString(), "1Mi");
  assert.equal(parseQuantity("1").negate().toString(), "-1");
});

/** A quantity as a whole number of billionths, worked out naively. */
function naive(text: string): bigint {
  const [, sign, number = "0", suffix = ""] = /^([+-]?)([0-9.]+)(.*)$/.exec(text) as RegExpExecArray;
  const powers: Record<string, bigint> = {
    n: 1n,
    u: 10n ** 3n,
    m: 10n ** 6n,
    "": 10n ** 9n,
    k: 10n ** 12n,
    M: 10n ** 15n,
    G: 10n ** 18n,
  };
  for (const [i, s] of ["Ki", "Mi", "Gi"].entries()) powers[s] = 10n ** 9n * 1024n ** BigInt(i + 1);
  const [whole = "", fraction = ""] = number.split(".");
  const scaled = BigInt(whole + fraction) * (powers[suffix] as bigint);
  const divisor = 10n ** BigInt(fraction.length);
  const up = scaled % divisor === 0n ? scaled / divisor : scaled / divisor + 1n;
  return sign === "-" ? -up : up;
}

const quantityText = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.bigInt({ min: 0n, max: 10n ** 12n }),
    fc.option(fc.stringMatching(/^[0-9]{1,6}$/), { nil: undefined }),
    fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi"),
  )
  .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}${suffix}`);

const inBounds = (text: string) => {
  const size = naive(text);
  return size < 2n ** 62n * 10n ** 9n && size > -(2n ** 62n) * 10n ** 9n;
};

test("agrees with the naive version", () => {
  fc.assert(
    fc.property(quantityText.filter(inBounds), quantityText.filter(inBounds), (a, b) => {
      const [x, y] = [parseQuantity(a), parseQuantity(b)];
      assert.equal(x.scaled(-9), naive(a));
      assert.equal(x.add(y).scaled(-9), naive(a) + naive(b));
      assert.equal(x.sub(y).scaled(-9), naive(a) - naive(b));
      assert.equal(x.compare(y), naive(a) < naive(b) ? -1 : naive(a) > naive(b) ? 1 : 0);
      assert.equal(parseQuantity(x.add(y).toString()).scaled(-9), naive(a) + naive(b));
    }),
    { numRuns: 500 },
  );
});

test("printing and parsing again changes nothing", () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const once = parseQuantity(text);
      const printed = new Quantity(once.mantissa, once.scale, once.format).toString();
      // What is binary and no multiple of 1024 is printed without a suffix, and then read as decimal.
      assert.equal(parseQuantity(printed).withFormat(once.format).toString(), printed);
      assert.ok(parseQuantity(printed).equals(once));
    }),
    { numRuns: 500 },
  );
});
