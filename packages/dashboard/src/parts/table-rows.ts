/**
 * Which rows of a table are shown, and in which order.
 * Holds: a row that has not changed is not put in order again, however many rows there are: of some hundred changes only these are looked at.
 */
import type { Column, Row } from "../server/forms.ts";

export interface Order {
  readonly column: string;
  readonly descending: boolean;
}

/** Whether every word of the filter stands in some column or the namespace. */
export function matching(filter: string): (row: Row) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return ({ cells, object: { metadata } }) => {
    const text = [metadata.namespace, ...cells].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** What a row stands by: numbers go before texts. */
type Key = string | number;

interface Placed {
  readonly row: Row;
  readonly key: Key;
  readonly name: string;
}

const NAMESPACE = "Namespace";
const AGE = "Age";
/** Numbers within texts stand by their value; no name has one of more digits. */
const DIGITS = 20;

/** By age the youngest comes first; what is equal stands by namespace and name. */
export class OrderedRows {
  readonly #keyOf: (row: Row) => Key;
  readonly #compare: (a: Placed, b: Placed) => number;
  #placed: readonly Placed[] = [];

  constructor(columns: readonly Column[], { column, descending }: Order) {
    const at = columns.findIndex(({ name }) => name === column);
    const sign = descending ? -1 : 1;
    this.#compare = (a, b) => sign * compareKeys(a.key, b.key) || compareKeys(a.name, b.name);
    this.#keyOf = ({ cells, object: { metadata } }) => {
      if (at >= 0 && column === AGE) return -Date.parse(metadata.creationTimestamp ?? "") || 0;
      if (column === NAMESPACE) return natural(metadata.namespace ?? "");
      const cell = cells[at];
      return typeof cell === "number" ? cell : natural(String(cell ?? ""));
    };
  }

  /** All of these, and no others. */
  inOrder(rows: readonly Row[]): Row[] {
    const fresh = new Set(rows);
    const kept = this.#placed.filter(({ row }) => fresh.delete(row));
    const added = [...fresh].map((row) => this.#place(row)).toSorted(this.#compare);
    this.#placed = merged(kept, added, this.#compare);
    return this.#placed.map(({ row }) => row);
  }

  #place(row: Row): Placed {
    const { namespace = "", name = "" } = row.object.metadata;
    return { row, key: this.#keyOf(row), name: `${natural(namespace)}/${natural(name)}` };
  }
}

const natural = (text: string): string => text.replace(/\d+/g, (digits) => digits.padStart(DIGITS, "0"));

function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Two lists that are in order, as one. */
function merged<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): T[] {
  const all: T[] = [];
  let from = 0;
  for (const item of b) {
    const to = placeOf(item, a, from, compare);
    for (; from < to; from++) all.push(a[from] as T);
    all.push(item);
  }
  for (; from < a.length; from++) all.push(a[from] as T);
  return all;
}

/** Behind all that stand before it. */
function placeOf<T>(item: T, all: readonly T[], from: number, compare: (a: T, b: T) => number): number {
  let [low, high] = [from, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(all[middle] as T, item) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
