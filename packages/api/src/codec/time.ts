/** Times in canonical form, of which most are already; the zero time (year 1) stands for none. */
import { canonicalMicroTime as microTime, canonicalTime as wholeTime } from "@kubets/machinery/time";

/** The form that needs no parsing; a day that its month may lack goes the long way. */
const CANONICAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?Z$/;
const SECONDS_LENGTH = "2006-01-02T15:04:05Z".length;
const ZERO = "0001-01-01T00:00:00";

/** The time in UTC and whole seconds, or undefined for the zero time; throws a TimeError in Go's words. */
export const canonicalTime = (text: string): string | undefined =>
  present(text.length === SECONDS_LENGTH && CANONICAL.test(text) ? text : wholeTime(text));

/** The same with six digits of a second. */
export const canonicalMicroTime = (text: string): string | undefined =>
  present(text.length > SECONDS_LENGTH && CANONICAL.test(text) ? text : microTime(text));

const present = (text: string) =>
  text.startsWith(ZERO) && /^Z|^\.0+Z/.test(text.slice(ZERO.length)) ? undefined : text;
