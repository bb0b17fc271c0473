/** Lists as sets: what one holds of the other. */
import { ONE, plus, scaled, times } from "../cost-range.ts";
import type { Library, Overload } from "../declarations.ts";
import { func } from "../declare.ts";
import { contains } from "../equality.ts";
import { sizeAt } from "../library-costs.ts";
import { celTypes as t } from "../types.ts";
import type { List } from "../values.ts";

const listT = t.list(t.param("T"));

const holdsAll = (a: List, b: List): boolean => b.toArray().every((item) => contains(a, item));

/** Each item is looked for in the other list, once or both ways. */
const pairs = (ways: number): Pick<Overload, "cost" | "estimate"> => ({
  cost: ([a, b]) => 1 + ways * (a as List).size * (b as List).size,
  estimate: (sizes) => ({ cost: plus(ONE, scaled(times(sizeAt(sizes, 0), sizeAt(sizes, 1)), ways)) }),
});

const over = (name: string, id: string, call: (a: List, b: List) => boolean, ways: number): Overload =>
  func(`sets.${name}`, id, [listT, listT], t.bool, call, pairs(ways));

export const sets: Library = {
  name: "sets",
  overloads: [
    over("contains", "list_sets_contains_list", holdsAll, 1),
    over("equivalent", "list_sets_equivalent_list", (a, b) => holdsAll(a, b) && holdsAll(b, a), 2),
    over("intersects", "list_sets_intersects_list", (a, b) => b.toArray().some((item) => contains(a, item)), 1),
  ],
};
