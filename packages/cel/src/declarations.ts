/**
 * Functions that expressions may call. A function has overloads, each with the types it takes and gives, what it does,
 * and what it costs: at run time from its arguments, beforehand from their sizes.
 */
import type { CostRange } from "./cost-range.ts";
import type { CelType } from "./types.ts";
import type { CelValue } from "./values.ts";

export interface Overload {
  readonly id: string;
  readonly name: string;
  /** `a.f(b)` and not `f(a, b)`; the target is the first of the parameters. */
  readonly member: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  /** Called with values of the parameters' types. */
  // biome-ignore lint: the types of the values are those declared above
  readonly call: Implementation;
  /** What a call costs; 1 unless said. Told before it is made, so that nobody waits for what costs too much. */
  readonly cost?: (args: readonly CelValue[]) => number;
  /** How many steps a call takes (see @kubets/machinery/stretch), where it has costs and they say too little. */
  readonly work?: (args: readonly CelValue[]) => number;
  /** What a call will cost, and how large its result may be; 1 unless said. */
  readonly estimate?: Estimate;
}

/** The values are of the declared types: the caller has seen to it. */
type Implementation = (...args: never[]) => CelValue;

/** Sizes of the arguments (the target first): known bounds, or 0 to without end. */
export type Estimate = (
  sizes: readonly CostRange[],
  args: readonly EstimatedArgument[],
) => { cost: CostRange; size?: CostRange };

export interface EstimatedArgument {
  readonly type: CelType;
  /** Bounds of the sizes of the argument's items. */
  readonly itemSize: CostRange;
  /** The value, where the source has it as a literal. */
  readonly literal: CelValue | undefined;
}

/** A set of functions and macros under a name. */
export interface Library {
  readonly name: string;
  readonly overloads: readonly Overload[];
  readonly macros?: readonly import("./macros.ts").Macro[];
  /** Names that stand for types: `type(x) == int`. */
  readonly constants?: Readonly<Record<string, { type: CelType; value: CelValue }>>;
}
