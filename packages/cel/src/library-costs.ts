/** Costs that many functions of libraries share. */
import { step } from "@kubets/machinery/stretch";
import { type CostRange, exactly, ONE, plus, scaled, times, UNKNOWN_SIZE } from "./cost-range.ts";
import type { Estimate, Overload } from "./declarations.ts";
import { sizeOf, traversal } from "./sizes.ts";
import { type CelValue, List, MapValue } from "./values.ts";

type Cost = Pick<Overload, "cost" | "estimate" | "work">;

export const sizeAt = (sizes: readonly CostRange[], i: number): CostRange => sizes[i] ?? UNKNOWN_SIZE;

/** Going once through the target, which the result does not outgrow. */
export const throughTarget: Cost = {
  cost: ([target]) => Math.ceil(sizeOf(target as CelValue) * 0.1),
  estimate: (sizes) => ({ cost: scaled(sizeAt(sizes, 0), 0.1), size: sizeAt(sizes, 0) }),
};

/** Reading a text as something else; beforehand this counts as 1. */
export const parsing: Cost = { cost: ([text]) => traversal(sizeOf(text as CelValue)) };

/** What the engine does in one go, 64 characters a step. */
export const natively: Pick<Overload, "work"> = {
  work: (values) => {
    let length = 0;
    for (const value of values) if (typeof value === "string" || value instanceof Uint8Array) length += value.length;
    return length >> 6;
  },
};

/** Each character of the text may stand in several places of the pattern. */
export const byPattern: Pick<Overload, "work"> = {
  work: ([text, pattern]) => (text as string).length * (1 + ((pattern as string).length >> 3)),
};

/** Running a pattern over a text; as many results as characters. */
export const searching: Cost = {
  ...byPattern,
  cost: ([text, pattern]) => traversal(1 + sizeOf(text as CelValue)) * Math.ceil(sizeOf(pattern as CelValue) * 0.25),
  estimate: (sizes) => ({
    cost: times(scaled(plus(sizeAt(sizes, 0), ONE), 0.1), scaled(sizeAt(sizes, 1), 0.25)),
    size: { min: 0, max: sizeAt(sizes, 0).max },
  }),
};

/** Comparing each item of a list, or going through a text. */
export const throughItems: Cost = {
  cost: ([target]) => wholeTraversal(target as CelValue),
  estimate: (sizes, args) => {
    const [list] = args;
    const type = list?.type;
    if (type?.kind !== "list") return { cost: scaled(sizeAt(sizes, 0), 0.1) };
    const isText = type.element.kind === "string" || type.element.kind === "bytes";
    const each = isText && list ? plus(ONE, scaled(list.itemSize, 0.1)) : ONE;
    return { cost: times(sizeAt(sizes, 0), each) };
  },
};

/** Every item and key, and all that is in them. */
function wholeTraversal(value: CelValue): number {
  if (typeof value === "string") return Math.floor(Buffer.byteLength(value) * 0.1);
  if (value instanceof Uint8Array) return Math.floor(value.length * 0.1);
  let cost = 0;
  if (value instanceof List) step(value.size);
  if (value instanceof List) for (const item of value) cost += wholeTraversal(item);
  else if (value instanceof MapValue)
    for (const key of value.keys()) cost += wholeTraversal(key) + wholeTraversal(value.get(key) as CelValue);
  else return 1;
  return cost;
}

export const fixed = (cost: number): Cost => {
  const estimate: Estimate = () => ({ cost: exactly(cost) });
  return { cost: () => cost, estimate };
};
