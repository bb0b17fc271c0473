/** The pieces that tables of resources are made of. */
import type { Column } from "./resource.ts";

/** A column; those of priority 1 show with `-o wide` only. */
export const column = (name: string, type: Column["type"] = "string", priority = 0): Column => ({
  name,
  type,
  format: "",
  priority,
});
export const wide = (name: string): Column => column(name, "string", 1);
export const nameColumn: Column = { name: "Name", type: "string", format: "name", priority: 0 };

/** How long ago a time was, as people read it: "5m", "3h12m", "2d". */
export function age(time: string | undefined | null, now: number): string {
  if (!time) return "<unknown>";
  return humanDuration(now - Date.parse(time));
}

/** Two units where the larger one says too little, as kubectl shows durations. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return two(days, "d", hours % 24, "h");
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  if (hours < 24 * 365 * 8) return two(years, "y", days % 365, "d");
  return `${years}y`;
}

const two = (large: number, unit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;
