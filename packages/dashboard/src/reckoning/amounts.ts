/** Amounts of resources as plain numbers (cores, bytes, pieces): near enough to look at, and cheap for thousands of pods. */
import { tryParseQuantity } from "@kubets/machinery/quantity";

export type ResourceList = Readonly<Record<string, string>>;

/** Zero for what is absent or no quantity. */
export const amountOf = (text: string | undefined): number => (text && tryParseQuantity(text)?.toNumber()) || 0;

export const sum = (amounts: Iterable<number>): number => {
  let total = 0;
  for (const amount of amounts) total += amount;
  return total;
};

/** Three figures, or all of those before the point. */
const figures = (amount: number): string =>
  String(Math.abs(amount) >= 100 ? Math.round(amount) : Number(amount.toPrecision(3)));

/** Cores: `250m`, `1.5`. */
export function showCpu(cores: number): string {
  const thousandths = Math.round(cores * 1000);
  return thousandths !== 0 && Math.abs(thousandths) < 1000 ? `${thousandths}m` : figures(cores);
}

const UNITS = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

export function showBytes(bytes: number): string {
  let at = 0;
  let amount = bytes;
  // Rounded it must not be a whole of the next unit.
  while (Math.abs(amount) >= 1023.5 && at < UNITS.length - 1) {
    amount /= 1024;
    at++;
  }
  return `${figures(amount)}${UNITS[at]}`;
}

/** Of objects: a number without a unit. */
export const showCount = (count: number): string => String(Math.round(count));

/** By the resource's name, as quotas have it too: `limits.memory`, `count/pods`. */
export function showOf(resource: string): (amount: number) => string {
  if (/(^|\.)cpu$/.test(resource)) return showCpu;
  if (/(^|\.)(memory|storage|ephemeral-storage)$|hugepages-/.test(resource)) return showBytes;
  return showCount;
}

/** `cpu 100m, memory 64Mi`. */
export const listText = (list: ResourceList | undefined): string =>
  Object.entries(list ?? {})
    .map(([name, amount]) => `${name} ${amount}`)
    .join(", ");
