/**
 * Exact Kubernetes quantities ("100m", "64Mi", "1e3"): parsed, compared, added and printed as the original does.
 * A quantity is `mantissa * 10^scale`, immutable; the mantissa is a number while a double holds it and a bigint beyond.
 * Holds: nothing is finer than a billionth (parsing rounds up to it), and `toString` of a parsed quantity gives back
 * the text wherever the original keeps it (so "1.500" stays, "0.5" becomes "500m").
 */
import { formatSuffix, parseSuffix, type QuantityFormat } from "./quantity-suffix.ts";

export type { QuantityFormat } from "./quantity-suffix.ts";

const WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX = "unable to parse quantity's suffix";
/** A number of so many digits means nothing, and costs a whole server time. */
const MOST_LETTERS = 4096;

/** The power of ten below which nothing is kept. */
const NANO = -9;
const MAX_INT64 = 2n ** 63n - 1n;

/** sign, digits before the point, digits after it, suffix; all may be empty. */
const PARTS = /^([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]+[-+]?[0-9]*|[-+][0-9]*)?)$/;

/** The fast road: at most 15 digits and no fraction. */
const SIMPLE = /^([1-9][0-9]{0,14})(m|k|M|G|T|Ki|Mi|Gi)?$/;
const SIMPLE_SUFFIX: Record<string, readonly [scale: number, factor: number, format: QuantityFormat]> = {
  "": [0, 1, "DecimalSI"],
  m: [-3, 1, "DecimalSI"],
  k: [3, 1, "DecimalSI"],
  M: [6, 1, "DecimalSI"],
  G: [9, 1, "DecimalSI"],
  T: [12, 1, "DecimalSI"],
  Ki: [0, 2 ** 10, "BinarySI"],
  Mi: [0, 2 ** 20, "BinarySI"],
  Gi: [0, 2 ** 30, "BinarySI"],
};

export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

type Mantissa = number | bigint;

export class Quantity {
  readonly mantissa: Mantissa;
  readonly scale: number;
  readonly format: QuantityFormat;
  #text: string | undefined;

  constructor(mantissa: Mantissa, scale = 0, format: QuantityFormat = "DecimalSI", text?: string) {
    this.mantissa = typeof mantissa === "bigint" ? narrow(mantissa) : mantissa;
    this.scale = scale;
    this.format = format;
    this.#text = text;
  }

  sign(): -1 | 0 | 1 {
    return this.mantissa > 0 ? 1 : this.mantissa < 0 ? -1 : 0;
  }

  isZero(): boolean {
    return this.sign() === 0;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    if (this.scale === other.scale) return order(this.mantissa, other.mantissa);
    if (this.sign() !== other.sign()) return order(this.sign(), other.sign());
    const scale = Math.min(this.scale, other.scale);
    return order(this.#at(scale), other.#at(scale));
  }

  equals(other: Quantity): boolean {
    return this.compare(other) === 0;
  }

  /** The sum; a zero takes the other's format. */
  add(other: Quantity): Quantity {
    return this.#plus(other, 1);
  }

  sub(other: Quantity): Quantity {
    return this.#plus(other, -1);
  }

  negate(): Quantity {
    return new Quantity(-this.mantissa, this.scale, this.format);
  }

  /** The product with a whole number. */
  multiply(times: number | bigint): Quantity {
    return new Quantity(BigInt(this.mantissa) * BigInt(times), this.scale, this.format);
  }

  /** The product with another quantity, in the format of this one. */
  times(other: Quantity): Quantity {
    return new Quantity(BigInt(this.mantissa) * BigInt(other.mantissa), this.scale + other.scale, this.format);
  }

  /** The quantity counted in 10^scale, away from zero where that is not whole; exact. */
  scaled(scale: number): bigint {
    return scale <= this.scale ? BigInt(this.#at(scale)) : divideUp(BigInt(this.mantissa), this.scale, scale);
  }

  /** Whole units, rounded up: bytes, cores. Exact below 2^53; `scaled(0)` beyond. */
  value(): number {
    return this.scale === 0 ? Number(this.mantissa) : Number(this.scaled(0));
  }

  /** Thousandths, rounded up: millicores. Exact below 2^53; `scaled(-3)` beyond. */
  milliValue(): number {
    if (this.scale === -3) return Number(this.mantissa);
    if (this.scale === 0 && typeof this.mantissa === "number") return this.mantissa * 1000;
    return Number(this.scaled(-3));
  }

  /** The nearest double. */
  toNumber(): number {
    return this.scale === 0 ? Number(this.mantissa) : Number(`${this.mantissa}e${this.scale}`);
  }

  /** The same quantity with nothing below 10^scale, rounded away from zero. */
  roundUp(scale: number): Quantity {
    return this.scale >= scale ? this : new Quantity(this.scaled(scale), scale, this.format);
  }

  withFormat(format: QuantityFormat): Quantity {
    return new Quantity(this.mantissa, this.scale, format);
  }

  toString(): string {
    this.#text ??= canonicalText(this);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  /** The mantissa for a scale that is not above this one's. */
  #at(scale: number): Mantissa {
    if (scale === this.scale) return this.mantissa;
    if (typeof this.mantissa === "number") {
      const raised = this.mantissa * 10 ** (this.scale - scale);
      if (Number.isSafeInteger(raised)) return raised;
    }
    return narrow(BigInt(this.mantissa) * 10n ** BigInt(this.scale - scale));
  }

  #plus(other: Quantity, sign: 1 | -1): Quantity {
    const scale = Math.min(this.scale, other.scale);
    const format = this.isZero() ? other.format : this.format;
    const [a, b] = [this.#at(scale), other.#at(scale)];
    if (typeof a === "number" && typeof b === "number") {
      const sum = a + sign * b;
      if (Number.isSafeInteger(sum)) return new Quantity(sum, scale, format);
    }
    return new Quantity(BigInt(a) + BigInt(sign) * BigInt(b), scale, format);
  }
}

export const zeroQuantity = new Quantity(0, 0, "DecimalSI", "0");

const CACHE_LIMIT = 4096;
const cache = new Map<string, Quantity>([["0", zeroQuantity]]);

/** Parses a quantity; throws a QuantityError with the original's text. */
export function parseQuantity(text: string): Quantity {
  const known = cache.get(text);
  if (known) return known;
  const quantity = parseSimple(text) ?? parseFull(text);
  if (text.length <= 24) {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(text, quantity);
  }
  return quantity;
}

/** Parses, or gives undefined for what is no quantity. */
export function tryParseQuantity(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

/** A quantity of so many whole units. */
export const quantityOf = (units: number | bigint, format: QuantityFormat = "DecimalSI"): Quantity =>
  new Quantity(units, 0, format);

/** A quantity of so many thousandths. */
export const milliQuantity = (thousandths: number | bigint): Quantity => new Quantity(thousandths, -3, "DecimalSI");

function parseSimple(text: string): Quantity | undefined {
  const match = SIMPLE.exec(text);
  if (!match) return undefined;
  const digits = Number(match[1]);
  const [scale, factor, format] = SIMPLE_SUFFIX[match[2] ?? ""] as (typeof SIMPLE_SUFFIX)[string];
  const mantissa = digits * factor;
  if (!Number.isSafeInteger(mantissa)) return undefined;
  const canonical = format === "BinarySI" ? (digits & 7) !== 0 : digits % 1000 !== 0;
  return new Quantity(mantissa, scale, format, canonical ? text : undefined);
}

function parseFull(text: string): Quantity {
  if (text.length > MOST_LETTERS) throw new QuantityError(`quantities must have at most ${MOST_LETTERS} characters`);
  const parts = text === "" ? null : PARTS.exec(text);
  if (!parts) throw new QuantityError(WRONG_FORM);
  const [, sign = "", whole = "", fraction = "", suffixText = ""] = parts;
  const suffix = parseSuffix(suffixText);
  if (!suffix) throw new QuantityError(WRONG_SUFFIX);

  const number = whole.replace(/^0+/, "") || "0";
  const shifted = BigInt(number + fraction);
  const scale = (suffix.base === 10 ? suffix.exponent : 0) - fraction.length;
  const factor = suffix.base === 2 ? 2n ** BigInt(suffix.exponent) : 1n;
  const magnitude = shifted * factor;
  const signed = sign === "-" ? -magnitude : magnitude;

  if (isSmall(number, fraction, suffix, scale) && magnitude <= MAX_INT64) {
    const kept = keepsText(suffix.format, number + fraction, shifted, scale) ? text : undefined;
    return new Quantity(signed, scale, suffix.format, kept);
  }
  return limit(signed, scale, suffix.format);
}

/** Whether the original takes its 64-bit road, on which it may keep the text as it was written. */
function isSmall(number: string, fraction: string, suffix: { base: number; exponent: number }, scale: number): boolean {
  if (suffix.base === 10) return 18 - (number.length + fraction.length) >= 0 && scale >= NANO;
  return fraction === "" && 15 - number.length - Math.trunc((suffix.exponent * 3) / 10) - 1 >= 0;
}

function keepsText(format: QuantityFormat, digits: string, shifted: bigint, scale: number): boolean {
  if (format === "BinarySI") return (shifted & 7n) !== 0n;
  return scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0");
}

/** The long road: rounds up to a billionth, caps binary quantities at the largest int64. */
function limit(signed: bigint, scale: number, format: QuantityFormat): Quantity {
  const mantissa = scale < NANO ? divideUp(signed, scale, NANO) : signed;
  const quantity = new Quantity(mantissa, Math.max(scale, NANO), format);
  if (format !== "BinarySI") return quantity;
  const size = quantity.sign() < 0 ? quantity.negate() : quantity;
  if (size.compare(new Quantity(MAX_INT64)) > 0) {
    return new Quantity(quantity.sign() < 0 ? -MAX_INT64 : MAX_INT64, 0, format);
  }
  return size.compare(new Quantity(1)) < 0 && !size.isZero() ? quantity.withFormat("DecimalSI") : quantity;
}

function canonicalText(quantity: Quantity): string {
  if (quantity.isZero()) return "0";
  return (quantity.format === "BinarySI" && binaryText(quantity)) || decimalText(quantity);
}

/** In powers of 1024; undefined below 1024 and where it would round, which are printed decimally. */
function binaryText(quantity: Quantity): string | undefined {
  let value = quantity.scaled(0);
  if (value > -1024n && value < 1024n) return undefined;
  if (quantity.scale < 0 && BigInt(quantity.mantissa) !== value * 10n ** BigInt(-quantity.scale)) return undefined;
  let exponent = 0;
  while (exponent < 60 && value % 1024n === 0n) {
    value /= 1024n;
    exponent += 10;
  }
  return `${value}${formatSuffix("BinarySI", exponent)}`;
}

/** In powers of 1000, with as few digits as that leaves. */
function decimalText({ mantissa, scale, format: own }: Quantity): string {
  const format = own === "BinarySI" ? "DecimalSI" : own;
  let digits = String(mantissa);
  const zeros = digits.length - digits.replace(/0+$/, "").length;
  digits = digits.slice(0, digits.length - zeros);
  let exponent = scale + zeros;
  const highest = format === "DecimalSI" ? 18 : Number.POSITIVE_INFINITY;
  while (exponent % 3 !== 0 || exponent > highest) {
    digits += "0";
    exponent--;
  }
  return digits + formatSuffix(format, exponent);
}

/** mantissa * 10^from counted in 10^to (to > from), away from zero. */
function divideUp(mantissa: bigint, from: number, to: number): bigint {
  const divisor = 10n ** BigInt(to - from);
  const quotient = mantissa / divisor;
  if (quotient * divisor === mantissa) return quotient;
  return mantissa < 0n ? quotient - 1n : quotient + 1n;
}

const narrow = (value: bigint): Mantissa => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

const order = (a: Mantissa, b: Mantissa): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0);
