/**
 * The suffixes of quantities: powers of 1024 (Ki), powers of 1000 (k), and exponents (e3).
 * An exponent beyond a thousand is refused: sums with it would need numbers of millions of digits.
 */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const DECIMAL: ReadonlyArray<readonly [string, number]> = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const BINARY: ReadonlyArray<readonly [string, number]> = [
  ["", 0],
  ["Ki", 10],
  ["Mi", 20],
  ["Gi", 30],
  ["Ti", 40],
  ["Pi", 50],
  ["Ei", 60],
];

const BY_TEXT = new Map<string, Suffix>([
  ...BINARY.map(([text, exponent]): [string, Suffix] => [text, { base: 2, exponent, format: "BinarySI" }]),
  ...DECIMAL.map(([text, exponent]): [string, Suffix] => [text, { base: 10, exponent, format: "DecimalSI" }]),
]);
const DECIMAL_TEXT = new Map(DECIMAL.map(([text, exponent]) => [exponent, text]));
const BINARY_TEXT = new Map(BINARY.map(([text, exponent]) => [exponent, text]));

const LARGEST_EXPONENT = 1000;

export function parseSuffix(text: string): Suffix | undefined {
  const known = BY_TEXT.get(text);
  if (known) return known;
  if (!/^[eE][+-]?[0-9]+$/.test(text)) return undefined;
  const exponent = Number(text.slice(1));
  return Math.abs(exponent) <= LARGEST_EXPONENT ? { base: 10, exponent, format: "DecimalExponent" } : undefined;
}

/** The suffix that stands for this exponent, which must be one that the format has. */
export function formatSuffix(format: QuantityFormat, exponent: number): string {
  if (format === "DecimalExponent") return exponent === 0 ? "" : `e${exponent}`;
  const text = (format === "BinarySI" ? BINARY_TEXT : DECIMAL_TEXT).get(exponent);
  if (text === undefined) throw new RangeError(`no ${format} suffix for the exponent ${exponent}`);
  return text;
}
