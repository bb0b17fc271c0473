/** Sizes, times and truth as annotations write them. */

const SIZE = /^(\d+)\s*([kmg]?)b?$/i;
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** "8m" in bytes; undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  return match ? Number(match[1]) * (UNITS[(match[2] as string).toLowerCase()] as number) : undefined;
}

const TIME = /^(\d+)\s*(ms|s|m|h)?$/;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "60" and "60s" are a minute, in milliseconds; undefined when it is no time. */
export function parseSeconds(text: string): number | undefined {
  const match = TIME.exec(text.trim());
  return match ? Number(match[1]) * (MILLISECONDS[match[2] ?? "s"] as number) : undefined;
}

export function parseTruth(text: string): boolean | undefined {
  if (/^(1|t|true)$/i.test(text)) return true;
  return /^(0|f|false)$/i.test(text) ? false : undefined;
}

export const words = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
