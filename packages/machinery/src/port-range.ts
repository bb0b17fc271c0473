/**
 * Ranges of ports: "30000-32767", "30000+2767", "8080"; and the single port of a flag.
 */
export class PortRangeError extends Error {
  override readonly name = "PortRangeError";
}

/** From `first` to `last`, both included; an empty range has `last` below `first`. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function parsePortRange(text: string): PortRange {
  const value = text.trim();
  if (value === "" || value === "0" || value === "0-0") return { first: 0, last: -1 };
  const match = /^(\d+)(?:([-+])(\d+))?$/.exec(value);
  if (!match)
    throw new PortRangeError(`unable to parse port range: ${value}: a port, FIRST-LAST or FIRST+COUNT is wanted`);
  const first = Number(match[1]);
  const last = match[3] === undefined ? first : match[2] === "+" ? first + Number(match[3]) : Number(match[3]);
  if (first > 65535 || last > 65535) {
    throw new PortRangeError(`the port range cannot be greater than 65535: ${value}`);
  }
  if (last < first) throw new PortRangeError(`end port cannot be less than start port: ${value}`);
  return { first, last };
}

export const portRangeSize = ({ first, last }: PortRange): number => Math.max(0, last - first + 1);
export const inPortRange = ({ first, last }: PortRange, port: number): boolean => port >= first && port <= last;
export const formatPortRange = ({ first, last }: PortRange): string =>
  last < first ? "" : first === last ? String(first) : `${first}-${last}`;
