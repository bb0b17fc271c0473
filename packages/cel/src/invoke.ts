/**
 * Calls of the first overload that takes the values, for one, two or more arguments; what a call costs is spent when
 * it is done. This is the hottest part of an evaluation: nothing is allocated but where a cost depends on the values.
 */
import type { Overload } from "./declarations.ts";
import { noSuchOverload } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { type Guard, guardOf } from "./guards.ts";
import type { Eval } from "./planner.ts";
import type { CelValue } from "./values.ts";

interface Candidate {
  readonly call: (...args: CelValue[]) => CelValue;
  readonly cost: Overload["cost"];
  readonly guards: readonly Guard[];
}

const anything: Guard = () => true;

export function invoke(overloads: readonly Overload[], args: readonly Eval[]): Eval {
  const candidates = overloads.map(
    ({ call, cost, params }): Candidate => ({
      call: call as Candidate["call"],
      cost,
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
    for (const { guards, call, cost } of candidates) {
      if (!(guards[0] as Guard)(a)) continue;
      const result = call(a);
      f.spend(cost ? cost([a], result) : 1);
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
  const { call, cost } = only;
  return (f) => {
    const a = left(f);
    const b = right(f);
    if (guard(a) && other(b)) {
      const result = call(a, b);
      f.spend(cost ? cost([a, b], result) : 1);
      return result;
    }
    return callTwo(f, rest, a, b);
  };
}

function callTwo(f: Frame, candidates: readonly Candidate[], a: CelValue, b: CelValue): CelValue {
  for (const { guards, call, cost } of candidates) {
    if (!(guards[0] as Guard)(a) || !(guards[1] as Guard)(b)) continue;
    const result = call(a, b);
    f.spend(cost ? cost([a, b], result) : 1);
    return result;
  }
  throw noSuchOverload();
}

function withMany(candidates: readonly Candidate[], args: readonly Eval[]): Eval {
  return (f) => {
    const values = args.map((arg) => arg(f));
    const fitting = candidates.find(({ guards }) => guards.every((guard, i) => guard(values[i] as CelValue)));
    if (!fitting) throw noSuchOverload();
    const result = fitting.call(...values);
    f.spend(fitting.cost ? fitting.cost(values, result) : 1);
    return result;
  };
}
