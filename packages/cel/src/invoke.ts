/**
 * Calls of the first overload that takes the values, for one, two or more arguments. What costs more than it may, or
 * takes too long, is not begun. This is the hottest part of an evaluation: nothing is allocated but where a cost depends
 * on the values.
 */
import { step } from "@kubets/machinery/stretch";
import type { Overload } from "./declarations.ts";
import { noSuchOverload } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { type Guard, guardOf } from "./guards.ts";
import type { Eval } from "./planner.ts";
import { type CelValue, List } from "./values.ts";

interface Candidate {
  readonly call: (...args: CelValue[]) => CelValue;
  readonly cost: Overload["cost"];
  /** How many steps it takes. */
  readonly work: (args: readonly CelValue[]) => number;
  readonly takesText: boolean;
  readonly guards: readonly Guard[];
}

const anything: Guard = () => true;

export function invoke(overloads: readonly Overload[], args: readonly Eval[]): Eval {
  const candidates = overloads.map(
    ({ call, cost, work = sizesOf, params }): Candidate => ({
      call: call as Candidate["call"],
      cost,
      work,
      takesText: params.some(({ kind }) => kind === "string" || kind === "bytes"),
      guards: params.map((type) => guardOf(type) ?? anything),
    }),
  );
  const [first, second] = args;
  if (args.length === 1 && first) return withOne(candidates, first);
  if (args.length === 2 && first && second) return withTwo(candidates, first, second);
  return withMany(candidates, args);
}

function withOne(candidates: readonly Candidate[], arg: Eval): Eval {
  return (f) => {
    const a = arg(f);
    for (const candidate of candidates) {
      if (!(candidate.guards[0] as Guard)(a)) continue;
      if (candidate.cost) return callCosting(f, candidate, candidate.cost, [a]);
      if (candidate.takesText) step(textSteps(a));
      const result = candidate.call(a);
      f.spend(1);
      return result;
    }
    throw noSuchOverload();
  };
}

function withTwo(candidates: readonly Candidate[], left: Eval, right: Eval): Eval {
  const [only] = candidates;
  const rest = candidates.slice(1);
  if (!only) return withMany(candidates, [left, right]);
  const [guard, other] = only.guards as [Guard, Guard];
  const { call, cost, takesText } = only;
  return (f) => {
    const a = left(f);
    const b = right(f);
    if (guard(a) && other(b)) {
      if (cost) return callCosting(f, only, cost, [a, b]);
      if (takesText) step(textSteps(a) + textSteps(b));
      const result = call(a, b);
      f.spend(1);
      return result;
    }
    return callTwo(f, rest, a, b);
  };
}

function callTwo(f: Frame, candidates: readonly Candidate[], a: CelValue, b: CelValue): CelValue {
  for (const candidate of candidates) {
    const { guards, call, cost, takesText } = candidate;
    if (!(guards[0] as Guard)(a) || !(guards[1] as Guard)(b)) continue;
    if (cost) return callCosting(f, candidate, cost, [a, b]);
    if (takesText) step(textSteps(a) + textSteps(b));
    const result = call(a, b);
    f.spend(1);
    return result;
  }
  throw noSuchOverload();
}

function withMany(candidates: readonly Candidate[], args: readonly Eval[]): Eval {
  return (f) => {
    const values = args.map((arg) => arg(f));
    const fitting = candidates.find(({ guards }) => guards.every((guard, i) => guard(values[i] as CelValue)));
    if (!fitting) throw noSuchOverload();
    if (fitting.cost) return callCosting(f, fitting, fitting.cost, values);
    step(sizesOf(values));
    const result = fitting.call(...values);
    f.spend(1);
    return result;
  };
}

/** A call whose costs depend on the values, as what it takes does. */
function callCosting(
  f: Frame,
  { call, work }: Candidate,
  cost: NonNullable<Overload["cost"]>,
  values: readonly CelValue[],
): CelValue {
  f.spendCounted(cost(values));
  step(work(values));
  return call(...values);
}

/** Texts are gone through, half a step a character; lists, two an item. */
function sizesOf(values: readonly CelValue[]): number {
  let steps = 0;
  for (const value of values) steps += value instanceof List ? value.size * 2 : textSteps(value);
  return steps;
}

const textSteps = (value: CelValue): number =>
  typeof value === "string" || value instanceof Uint8Array ? value.length >> 1 : 0;
