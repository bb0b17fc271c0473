/**
 * The five fields of a cron schedule: minute, hour, day of the month, month, day of the week.
 * Holds: errors are robfig/cron's, which validation passes on.
 */
export class CronError extends Error {
  override readonly name = "CronError";
}

/** The numbers that a field allows. */
interface CronField {
  has(value: number): boolean;
  /** It was written with a star, without a step: it does not restrict. */
  readonly isOpen: boolean;
}

export interface CronFields {
  readonly minutes: CronField;
  readonly hours: CronField;
  readonly days: CronField;
  readonly months: CronField;
  readonly weekdays: CronField;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MINUTES: Bounds = { min: 0, max: 59 };
const HOURS: Bounds = { min: 0, max: 23 };
const DAYS: Bounds = { min: 1, max: 31 };
const MONTHS: Bounds = {
  min: 1,
  max: 12,
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds = { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

export function parseFields(spec: string): CronFields {
  const parts = spec.split(/\s+/).filter((part) => part !== "");
  if (parts.length !== 5) {
    throw new CronError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`);
  }
  const [minute, hour, day, month, weekday] = parts as [string, string, string, string, string];
  return {
    minutes: parseField(minute, MINUTES),
    hours: parseField(hour, HOURS),
    days: parseField(day, DAYS),
    months: parseField(month, MONTHS),
    weekdays: parseField(weekday, WEEKDAYS),
  };
}

function parseField(text: string, bounds: Bounds): CronField {
  const allowed = new Set<number>();
  let isOpen = false;
  for (const part of text.split(",").filter((each) => each !== "")) {
    const { start, end, step, isStar } = parseRange(part, bounds);
    for (let value = start; value <= end; value += step) allowed.add(value);
    isOpen ||= isStar && step === 1;
  }
  return { has: (value) => allowed.has(value), isOpen };
}

function parseRange(text: string, bounds: Bounds): { start: number; end: number; step: number; isStar: boolean } {
  const [range, stepText, ...tooMany] = text.split("/") as [string, ...string[]];
  const [low, high, ...more] = range.split("-") as [string, ...string[]];
  const isStar = low === "*" || low === "?";
  if (!isStar && more.length) throw new CronError(`too many hyphens: ${text}`);
  const start = isStar ? bounds.min : numberOrName(low, bounds);
  let end = isStar ? bounds.max : high === undefined ? start : numberOrName(high, bounds);
  if (tooMany.length) throw new CronError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // "N/step" means from N on.
  if (stepText !== undefined && high === undefined) end = bounds.max;
  if (start < bounds.min) throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  return { start, end, step, isStar };
}

function numberOrName(text: string, { names, min }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index < 0 ? parseNumber(text) : index + min;
}

function parseNumber(text: string): number {
  if (!/^[+-]?[0-9]{1,15}$/.test(text)) {
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const number = Number(text);
  if (number < 0) throw new CronError(`negative number (${number}) not allowed: ${text}`);
  return number;
}
