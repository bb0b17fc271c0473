/** Which rows of a table are shown, and in which order. */
import { compareNaturally } from "@kubets/machinery/natural-order";
import type { Column, Row } from "../server/forms.ts";

export interface Order {
  readonly column: string;
  readonly descending: boolean;
}

/** Of all columns and the namespace. */
export const matches = ({ cells, object: { metadata } }: Row, filter: string): boolean => {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [metadata.namespace, ...cells].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
};

const NAMESPACE = "Namespace";
const isTime = ({ name }: Column): boolean => name === "Age";

/** By age the youngest comes first; what is equal stands by namespace and name. */
export function inOrder(rows: readonly Row[], columns: readonly Column[], { column, descending }: Order): Row[] {
  const at = columns.findIndex(({ name }) => name === column);
  const definition = columns[at];
  const compare = (a: Row, b: Row): number => {
    const [x, y] = [a.object.metadata, b.object.metadata];
    if (definition && isTime(definition))
      return Date.parse(y.creationTimestamp ?? "") - Date.parse(x.creationTimestamp ?? "");
    if (column === NAMESPACE) return compareNaturally(x.namespace ?? "", y.namespace ?? "");
    return compareCells(a.cells[at], b.cells[at]);
  };
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(a, b) || byName(a, b));
}

const byName = (a: Row, b: Row): number =>
  compareNaturally(a.object.metadata.namespace ?? "", b.object.metadata.namespace ?? "") ||
  compareNaturally(a.object.metadata.name ?? "", b.object.metadata.name ?? "");

const compareCells = (a: unknown, b: unknown): number =>
  typeof a === "number" && typeof b === "number" ? a - b : compareNaturally(String(a ?? ""), String(b ?? ""));
