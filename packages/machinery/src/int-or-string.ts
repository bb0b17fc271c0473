/**
 * `intstr.IntOrString`: a whole number, or text that is a percentage or a name.
 * Holds: a percentage is scaled exactly, without going through a fraction.
 */
import { percent } from "./names.ts";

export type IntOrString = number | string;

export class IntOrStringError extends Error {
  override readonly name = "IntOrStringError";
}

/** Reads a flag or a form: a whole number of 32 bits becomes a number, all else stays text. */
export function parseIntOrString(text: string): IntOrString {
  if (!/^[+-]?[0-9]{1,10}$/.test(text)) return text;
  const number = Number(text);
  return number === (number | 0) ? number : text;
}

/** The percentage that a text names, or undefined. */
export const percentOf = (value: IntOrString): number | undefined =>
  typeof value === "string" && percent(value).length === 0 ? Number(value.slice(0, -1)) : undefined;

/** The number itself, or that part of `total`, rounded as asked for. Throws for text that is no percentage. */
export function scaledValue(value: IntOrString, total: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  const part = percentOf(value);
  if (part === undefined) {
    const why = value.endsWith("%")
      ? `invalid value ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(value.slice(0, -1))}: invalid syntax`
      : "invalid type: string is not a percentage";
    throw new IntOrStringError(`invalid value for IntOrString: ${why}`);
  }
  return round === "up" ? Math.ceil((part * total) / 100) : Math.floor((part * total) / 100);
}
