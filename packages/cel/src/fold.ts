/**
 * Folds over lists and maps, at run time. An error of one item is kept, since a later item may decide `all` or
 * `exists`; a list or map that a macro builds grows in place. Bound names are evaluated when they are first used.
 */
import { type Call, type Comprehension, type Expr, isBinding, type ListLiteral } from "./ast.ts";
import { absorbed, CelEvaluationError, noSuchOverload } from "./errors.ts";
import { formatValue } from "./format-value.ts";
import type { Frame } from "./frame.ts";
import { addEntry } from "./map-entries.ts";
import type { Eval, Planner } from "./planner.ts";
import { type CelValue, KeyedMap, List, MapValue } from "./values.ts";

const LIST_COST = 10;

export function planFold(expr: Comprehension, planner: Planner): Eval {
  if (isBinding(expr)) return planBinding(expr, planner);
  const range = planner.plan(expr.range);
  const [accumulator, first, second] = [planner.newSlot(), planner.newSlot(), planner.newSlot()];
  const grows = growth(expr, planner, accumulator);
  const init = grows?.init ?? planner.plan(expr.init);
  const inLoop = (part: Expr): Eval => within(expr, planner, { accumulator, first, second }, () => planner.plan(part));
  const result = planner.withLocal(expr.accumulator, readLocal(accumulator), () => planner.plan(expr.result));
  const condition = isTrue(expr.condition) ? undefined : inLoop(expr.condition);
  const step = grows ? within(expr, planner, { accumulator, first, second }, grows.step) : inLoop(expr.step);
  const keepsErrors = condition !== undefined;
  const two = expr.second !== undefined;

  const turn = (f: Frame): boolean => {
    f.turn();
    if (condition && condition(f) !== true) return false;
    if (!keepsErrors) f.slots[accumulator] = step(f);
    else
      try {
        f.slots[accumulator] = step(f);
      } catch (error) {
        f.slots[accumulator] = absorbed(error);
      }
    return true;
  };

  return (f) => {
    const over = range(f);
    f.slots[accumulator] = init(f);
    if (over instanceof List) {
      for (let i = 0; i < over.size; i++) {
        f.slots[first] = two ? BigInt(i) : over.at(i);
        if (two) f.slots[second] = over.at(i);
        if (!turn(f)) break;
      }
    } else if (over instanceof MapValue) {
      for (const key of over.keys()) {
        f.slots[first] = key;
        if (two) f.slots[second] = over.get(key);
        if (!turn(f)) break;
      }
    } else throw noSuchOverload();
    const value: unknown = result(f);
    return Array.isArray(value) ? new List(value) : value instanceof Map ? new KeyedMap(value) : (value as CelValue);
  };
}

/** Plans with the fold's names in sight. */
function within(
  expr: Comprehension,
  planner: Planner,
  slots: { accumulator: number; first: number; second: number },
  inner: () => Eval,
): Eval {
  const { second } = expr;
  return planner.withLocal(expr.accumulator, readLocal(slots.accumulator), () =>
    planner.withLocal(expr.variable, readLocal(slots.first), () =>
      second === undefined ? inner() : planner.withLocal(second, readLocal(slots.second), inner),
    ),
  );
}

const readLocal =
  (slot: number): Eval =>
  (f) => {
    f.spend(1);
    const value = f.slots[slot];
    if (value instanceof CelEvaluationError) throw value;
    return value as CelValue;
  };

const isTrue = (expr: Expr): boolean => expr.kind === "literal" && expr.value === true;

function planBinding(expr: Comprehension, planner: Planner): Eval {
  const init = planner.plan(expr.init);
  const slot = planner.newSlot();
  const read: Eval = (f) => {
    f.spend(1);
    f.slots[slot] ??= { value: init(f) };
    return (f.slots[slot] as { value: CelValue }).value;
  };
  const result = planner.withLocal(expr.accumulator, read, () => planner.plan(expr.result));
  return (f) => {
    f.slots[slot] = undefined;
    return result(f);
  };
}

interface Growth {
  readonly init: Eval;
  readonly step: () => Eval;
}

/** How a list or map grows in place, where the fold is of a macro that builds one. */
function growth(expr: Comprehension, planner: Planner, slot: number): Growth | undefined {
  if (expr.accumulator !== "@result") return undefined;
  const { init, step } = expr;
  const isList = init.kind === "list" && init.elements.length === 0;
  const isMap = init.kind === "map" && init.entries.length === 0;
  if (!isList && !isMap) return undefined;
  const added = step.kind === "call" && step.name === "_?_:_" ? step.args[1] : step;
  if (added?.kind !== "call") return undefined;
  const add = (): Eval => (isList ? planAppend(added.args, planner, slot) : planInsert(added.args, planner, slot));
  return {
    init: isList ? emptyList : emptyMap,
    step: () => (added === step ? add() : planChoice(planner.plan((step as Call).args[0] as Expr), add(), slot)),
  };
}

const emptyList: Eval = () => [] as unknown as CelValue;
const emptyMap: Eval = (f) => {
  f.spend(30);
  return new Map() as unknown as CelValue;
};

function planChoice(condition: Eval, add: Eval, slot: number): Eval {
  return (f) => {
    const chosen = condition(f);
    if (chosen === true) return add(f);
    if (chosen !== false) throw noSuchOverload();
    f.spend(1);
    return f.slots[slot] as CelValue;
  };
}

/** `@result + [item]`: costs reading the name, the list (unless it is constant) and the sum. */
function planAppend(args: readonly Expr[], planner: Planner, slot: number): Eval {
  const [item] = (args[1] as ListLiteral).elements as [Expr];
  const value = planner.plan(item);
  const cost = item.kind === "literal" ? 2 : 2 + LIST_COST;
  return (f) => {
    const list = f.slots[slot] as CelValue[];
    list.push(value(f));
    f.spend(cost);
    return list as unknown as CelValue;
  };
}

/** `cel.@mapInsert(@result, key, value)`, or with a map of entries. */
function planInsert(args: readonly Expr[], planner: Planner, slot: number): Eval {
  const [key, value] = args.slice(1).map((arg) => planner.plan(arg)) as [Eval, Eval | undefined];
  return (f) => {
    const entries = f.slots[slot] as Map<unknown, readonly [CelValue, CelValue]>;
    const given = key(f);
    const pairs: (readonly [CelValue, CelValue])[] = value ? [[given, value(f)]] : pairsOf(given);
    for (const [at, item] of pairs)
      addEntry(entries, at, item, `insert failed: key '${formatValue(at)}' already exists`);
    f.spend(2);
    return entries as unknown as CelValue;
  };
}

function pairsOf(map: CelValue): [CelValue, CelValue][] {
  if (!(map instanceof MapValue)) throw noSuchOverload();
  return map.keys().map((key) => [key, map.get(key) as CelValue]);
}
