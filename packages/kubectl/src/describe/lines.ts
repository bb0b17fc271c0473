/** The text of a description as it grows: lines at levels of two blanks, with tabs as elastic stops. */
import { formatTime, parseTime } from "@kubets/machinery/time";
import { alignTabs, DESCRIPTION } from "../print/tabs.ts";

export class Lines {
  #text = "";

  line(level: number, text: string): void {
    this.#text += `${"  ".repeat(level)}${text}\n`;
  }

  /** "Name:\tvalue". */
  field(level: number, name: string, value: unknown): void {
    this.line(level, `${name}:\t${String(value)}`);
  }

  toString(): string {
    return alignTabs(this.#text, DESCRIPTION);
  }
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Sat, 21 Nov 2026 04:00:00 +0000", in the machine's time zone. */
export function longTime(text: string): string {
  if (text === "") return "<unset>";
  const date = new Date(parseTime(text));
  if (Number.isNaN(date.getTime())) return formatTime(0);
  const two = (number: number) => String(number).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${DAYS[date.getDay()]}, ${two(date.getDate())} ${MONTHS[date.getMonth()]} ${date.getFullYear()} ${time} ${zone}`;
}

/** What stands where there is nothing. */
export const orNone = (text: string): string => text || "<none>";
