/**
 * Cron schedules as robfig/cron's standard parser reads them: five fields with ranges, steps and names, `@hourly` and
 * its like, `@every 1h30m`, and a leading `TZ=Zone`.
 * Holds: a time that the clocks skip in spring is skipped, and one that they repeat in autumn comes twice.
 */
import { CronError, type CronFields, parseFields } from "./cron-fields.ts";
import { parseDurationNanos } from "./duration.ts";
import { timeZone, type Zone } from "./time-zone.ts";

export { CronError } from "./cron-fields.ts";

export interface CronSchedule {
  /** The first time after this one, in milliseconds since 1970; undefined if there is none within five years. */
  next(after: number): number | undefined;
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Reads a schedule; throws a CronError in the original's words. The zone is UTC unless given here or in the text. */
export function parseCron(text: string, zoneName = "UTC"): CronSchedule {
  if (text === "") throw new CronError("empty spec string");
  let spec = text;
  let zone = zoneName;
  const prefix = /^(?:CRON_)?TZ=([^ ]*)/.exec(text);
  if (prefix) {
    zone = prefix[1] as string;
    spec = text.slice(prefix[0].length).trim();
  }
  const found = timeZone(zone);
  if (!found) throw new CronError(`provided bad location ${zone}: unknown time zone ${zone}`);
  if (spec.startsWith("@every ")) return everySchedule(spec);
  if (!spec.startsWith("@")) return new FieldSchedule(parseFields(spec), found);
  const fields = Object.hasOwn(DESCRIPTORS, spec) ? DESCRIPTORS[spec] : undefined;
  if (fields === undefined) throw new CronError(`unrecognized descriptor: ${spec}`);
  return new FieldSchedule(parseFields(fields), found);
}

const NANOS_PER_SECOND = 1_000_000_000n;

/** At least a second apart, on whole seconds. */
function everySchedule(spec: string): CronSchedule {
  let nanos: bigint;
  try {
    nanos = parseDurationNanos(spec.slice("@every ".length));
  } catch (error) {
    throw new CronError(`failed to parse duration ${spec}: ${(error as Error).message}`);
  }
  const seconds = nanos < NANOS_PER_SECOND ? 1 : Number(nanos / NANOS_PER_SECOND);
  return { next: (after) => (Math.floor(after / 1000) + seconds) * 1000 };
}

const MINUTE = 60_000;
const YEARS_AHEAD = 5;

class FieldSchedule implements CronSchedule {
  readonly #fields: CronFields;
  readonly #zone: Zone;

  constructor(fields: CronFields, zone: Zone) {
    this.#fields = fields;
    this.#zone = zone;
  }

  next(after: number): number | undefined {
    let at = Math.floor(after / MINUTE) * MINUTE + MINUTE;
    const lastYear = this.#local(at).getUTCFullYear() + YEARS_AHEAD;
    for (;;) {
      const local = this.#local(at);
      if (local.getUTCFullYear() > lastYear) return undefined;
      const step = this.#step(local, at);
      if (step === at) return at;
      at = step;
    }
  }

  /** The same instant if all fields match, or the next that may. */
  #step(local: Date, at: number): number {
    const { minutes, hours, months } = this.#fields;
    const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
    if (!months.has(month + 1)) return this.#instant(Date.UTC(year, month + 1, 1), at);
    if (!this.#dayMatches(local)) return this.#instant(Date.UTC(year, month, day + 1), at);
    if (!hours.has(local.getUTCHours())) return at + (60 - local.getUTCMinutes()) * MINUTE;
    return minutes.has(local.getUTCMinutes()) ? at : at + MINUTE;
  }

  /** Both days must match if one of them is open, else one is enough. */
  #dayMatches(local: Date): boolean {
    const { days, weekdays } = this.#fields;
    const [day, weekday] = [days.has(local.getUTCDate()), weekdays.has(local.getUTCDay())];
    return days.isOpen || weekdays.isOpen ? day && weekday : day || weekday;
  }

  /** The wall's time as if it were UTC. */
  #local(at: number): Date {
    return new Date(at + this.#zone.offset(at));
  }

  /** The first instant after `from` whose wall time is not before this one. */
  #instant(local: number, from: number): number {
    const before = local - this.#zone.offset(local - 24 * 60 * MINUTE);
    const after = local - this.#zone.offset(local + 24 * 60 * MINUTE);
    let at = Math.max(Math.min(before, after), from + MINUTE);
    while (at + this.#zone.offset(at) < local) at += 15 * MINUTE;
    return at;
  }
}
