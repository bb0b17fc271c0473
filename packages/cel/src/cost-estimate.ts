/**
 * What an expression will cost at least and at most, before it is evaluated, as the original estimates it. Sizes come
 * from literals, from what functions say of their results, and from the bounds (`maxElements`) of declared types;
 * what is not bounded is without end.
 */
import { step } from "@kubets/machinery/stretch";
import {
  type Call,
  type Comprehension,
  type Expr,
  isBinding,
  type ListLiteral,
  type MapLiteral,
  type Select,
} from "./ast.ts";
import type { Checked } from "./checker.ts";
import { type CostRange, ENDLESS, exactly, FREE, ONE, plus, times, UNKNOWN_SIZE, union } from "./cost-range.ts";
import type { EstimatedArgument, Overload } from "./declarations.ts";
import { sizeOf } from "./sizes.ts";
import { type CelType, celTypes, optionalOf } from "./types.ts";

/** What is known of a value: its own size, and those of its keys and items. */
interface Known {
  /** The declared type, where the value comes from a variable: its bounds count. */
  readonly declared?: CelType;
  readonly size?: CostRange;
  readonly key?: CostRange;
  readonly item?: CostRange;
}

/** `root` is the type of the value that is checked; names of types count as large as it, as the original has it. */
export const estimateCost = (checked: Checked, root?: CelType): CostRange =>
  new Estimator(checked, root).of(checked.tree);

class Estimator {
  readonly #checked: Checked;
  readonly #root: CelType | undefined;
  readonly #known = new Map<number, Known>();
  readonly #locals: { name: string; known: Known }[] = [];

  constructor(checked: Checked, root: CelType | undefined) {
    this.#checked = checked;
    this.#root = root;
  }

  of(expr: Expr): CostRange {
    step(10);
    switch (expr.kind) {
      case "literal":
        return FREE;
      case "ident":
        return this.#ident(expr.id, expr.name);
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return expr.fields.reduce((sum, { value }) => plus(sum, this.of(value)), exactly(40));
      case "fold":
        return isBinding(expr) ? this.#binding(expr) : this.#fold(expr);
    }
  }

  #typeOf(expr: Expr): CelType {
    return this.#checked.types.get(expr.id) ?? celTypes.dyn;
  }

  #ident(id: number, name: string): CostRange {
    const local = this.#locals.findLast((known) => known.name === name);
    const own = this.#checked.types.get(id);
    const type = own?.kind === "type" ? this.#root : own;
    this.#known.set(id, local?.known ?? { ...(type && { declared: type }) });
    return ONE;
  }

  #select(expr: Select): CostRange {
    if (this.#checked.names.has(expr.id)) return this.#ident(expr.id, this.#checked.names.get(expr.id) as string);
    const operand = this.of(expr.operand);
    if (expr.test) return operand;
    const { declared } = this.#known.get(expr.operand.id) ?? {};
    const field = declared && fieldOf(declared, expr.field);
    if (field) this.#known.set(expr.id, { declared: field });
    const { kind } = this.#typeOf(expr.operand);
    return kind === "map" || kind === "object" || kind === "param" ? plus(operand, ONE) : operand;
  }

  /** The size of a value, as far as anything tells it. */
  #size(expr: Expr): CostRange | undefined {
    const known = this.#known.get(expr.id);
    if (known?.size) return known.size;
    if (expr.kind === "literal") return exactly(sizeOf(expr.value));
    if (expr.kind === "list") return exactly(expr.elements.length);
    if (expr.kind === "map") return exactly(expr.entries.length);
    return (known?.declared && boundOf(known.declared)) ?? (isScalar(this.#typeOf(expr)) ? ONE : undefined);
  }

  #sizeOrUnknown(expr: Expr): CostRange {
    return this.#size(expr) ?? UNKNOWN_SIZE;
  }

  #list(expr: ListLiteral): CostRange {
    let cost = exactly(10);
    for (const element of expr.elements) cost = plus(cost, this.of(element));
    const item = unionOf(expr.elements.map((element) => this.#sizeOrUnknown(element)));
    this.#known.set(expr.id, { key: ONE, item });
    return cost;
  }

  #map(expr: MapLiteral): CostRange {
    let cost = exactly(30);
    for (const { key, value } of expr.entries) cost = plus(cost, plus(this.of(key), this.of(value)));
    this.#known.set(expr.id, {
      key: unionOf(expr.entries.map(({ key }) => this.#sizeOrUnknown(key))),
      item: unionOf(expr.entries.map(({ value }) => this.#sizeOrUnknown(value))),
    });
    return cost;
  }

  #call(expr: Call): CostRange {
    const costs = expr.args.map((arg) => this.of(arg));
    if (expr.name === "_?._") return costs[0] ?? FREE;
    if (expr.name === "dyn" && expr.args[0]) {
      this.#copy(expr, expr.args[0]);
      return plus(ONE, costs[0] ?? FREE);
    }
    const overloads = this.#checked.overloads.get(expr.id) ?? [];
    const named = this.#checked.names.has(expr.id);
    const target = expr.target && !named ? this.of(expr.target) : FREE;
    const operands = expr.target && !named ? [expr.target, ...expr.args] : expr.args;
    const sum = costs.reduce(plus, FREE);
    if (expr.name === "_&&_" || expr.name === "_||_") return { min: costs[0]?.min ?? 0, max: sum.max };
    if (expr.name === "_?_:_") return this.#choice(expr, costs);
    this.#item(expr);
    this.#joined(expr);
    const calls = overloads.map((overload) => this.#overload(overload, operands));
    const sizes = calls.flatMap(({ size }) => (size ? [size] : []));
    if (sizes.length > 0) this.#learn(expr, { size: unionOf(sizes) });
    return plus(target, plus(sum, unionOf(calls.map(({ cost }) => cost))));
  }

  #overload(overload: Overload, operands: readonly Expr[]): { cost: CostRange; size?: CostRange } {
    if (!overload.estimate) return { cost: ONE };
    const sizes = operands.map((operand) => this.#sizeOrUnknown(operand));
    const args = operands.map((operand): EstimatedArgument => this.#argument(operand));
    return overload.estimate(sizes, args);
  }

  #argument(operand: Expr): EstimatedArgument {
    const known = this.#known.get(operand.id);
    return {
      type: this.#typeOf(operand),
      itemSize: known?.item ?? (known?.declared && boundOf(itemOf(known.declared))) ?? UNKNOWN_SIZE,
      literal: operand.kind === "literal" ? operand.value : undefined,
    };
  }

  #choice(expr: Call, [condition = FREE, then = FREE, otherwise = FREE]: readonly CostRange[]): CostRange {
    const [, a, b] = expr.args as [Expr, Expr, Expr];
    const [x, y] = [this.#known.get(a.id), this.#known.get(b.id)];
    this.#known.set(expr.id, {
      size: union(this.#sizeOrUnknown(a), this.#sizeOrUnknown(b)),
      ...(x?.key && y?.key && { key: union(x.key, y.key) }),
      ...(x?.item && y?.item && { item: union(x.item, y.item) }),
    });
    return plus(condition, union(then, otherwise));
  }

  /** `a[i]` is as large as an item of a. */
  #item(expr: Call): void {
    if (expr.name !== "_[_]" && expr.name !== "_[?_]") return;
    const [container] = expr.args as [Expr];
    const known = this.#known.get(container.id);
    if (!known) return;
    this.#known.set(expr.id, {
      ...(known.item && { size: known.item }),
      ...(known.declared && { declared: itemOf(known.declared) }),
    });
  }

  /** The items of `a + b` are those of both. */
  #joined(expr: Call): void {
    if (expr.name !== "_+_" || this.#typeOf(expr).kind !== "list") return;
    const [a, b] = expr.args.map((arg) => this.#known.get(arg.id));
    if (a?.item && b?.item) this.#learn(expr, { key: ONE, item: union(a.item, b.item) });
  }

  #learn(expr: Expr, known: Known): void {
    this.#known.set(expr.id, { ...this.#known.get(expr.id), ...known });
  }

  #copy(to: Expr, from: Expr): void {
    const size = this.#size(from);
    this.#known.set(to.id, { ...this.#known.get(from.id), ...(size && { size }) });
  }

  #binding(expr: Comprehension): CostRange {
    const init = plus(this.of(expr.range), this.of(expr.init));
    const size = this.#size(expr.init);
    const known = { ...this.#known.get(expr.init.id), ...(size && { size }) };
    const result = this.#within([{ name: expr.accumulator, known }], () => this.of(expr.result));
    this.#copy(expr, expr.result);
    return plus(init, result);
  }

  #fold(expr: Comprehension): CostRange {
    const before = plus(this.of(expr.range), this.of(expr.init));
    const accumulator = { name: expr.accumulator, known: { ...this.#known.get(expr.init.id) } };
    const turn = this.#within([accumulator, ...this.#variables(expr)], () =>
      plus(this.of(expr.condition), this.of(expr.step)),
    );
    const after = this.#within([accumulator], () => this.of(expr.result));
    const count = this.#sizeOrUnknown(expr.range);
    const made = expr.init.kind === "list" || expr.init.kind === "map";
    const step = this.#known.get(expr.step.id);
    this.#known.set(
      expr.id,
      made ? { ...(step?.item && { key: step.key ?? ONE, item: step.item }), size: count } : { size: ONE },
    );
    return plus(plus(before, after), times(count, turn));
  }

  #variables(expr: Comprehension): { name: string; known: Known }[] {
    const range = this.#known.get(expr.range.id) ?? {};
    const key: Known = {
      ...(range.key && { size: range.key }),
      ...(range.declared && { declared: range.declared.kind === "map" ? range.declared.key : celTypes.int }),
    };
    const item: Known = {
      ...(range.item && { size: range.item }),
      ...(range.declared && { declared: itemOf(range.declared) }),
    };
    if (expr.second !== undefined)
      return [
        { name: expr.variable, known: key },
        { name: expr.second, known: item },
      ];
    const overList = this.#typeOf(expr.range).kind === "list";
    return [{ name: expr.variable, known: overList ? item : key }];
  }

  #within<T>(locals: readonly { name: string; known: Known }[], inner: () => T): T {
    this.#locals.push(...locals);
    const result = inner();
    this.#locals.length -= locals.length;
    return result;
  }
}

const unionOf = (ranges: readonly CostRange[]): CostRange => (ranges.length === 0 ? FREE : ranges.reduce(union));

function fieldOf(type: CelType, field: string): CelType | undefined {
  if (type.kind === "object") return Object.hasOwn(type.fields, field) ? type.fields[field]?.type : undefined;
  return type.kind === "map" ? type.value : undefined;
}

function itemOf(type: CelType): CelType {
  return type.kind === "list" ? type.element : type.kind === "map" ? type.value : celTypes.dyn;
}

/**
 * The bound of a declared type. What has no size of its own counts as nothing here: the original compares such values
 * for free, but what is computed of them not.
 */
function boundOf(type: CelType): CostRange | undefined {
  if (type.maxElements !== undefined) return { min: 0, max: Math.min(type.maxElements, ENDLESS) };
  return isScalar(type) || type.kind === "object" ? FREE : undefined;
}

function isScalar(type: CelType): boolean {
  const inside = optionalOf(type);
  if (inside) return isScalar(inside);
  return ["bool", "double", "duration", "int", "timestamp", "uint"].includes(type.kind);
}
