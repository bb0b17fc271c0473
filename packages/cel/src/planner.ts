/**
 * Turns a tree into closures, once: names become slots, calls the overloads they mean, constant parts their values.
 * Each closure spends what the original's cost model asks. What a call means is settled here as far as types tell;
 * where values are dynamic, each overload's types are tried on the values.
 */
import { step } from "@kubets/machinery/stretch";
import { accessCost, atIndex, atOptionalIndex, optionalItem, selectElsewhere } from "./access.ts";
import { adapterOf } from "./adapt.ts";
import {
  type Call,
  type Comprehension,
  type Expr,
  type ListLiteral,
  type MapLiteral,
  qualifiedName,
  type Select,
  type StructLiteral,
} from "./ast.ts";
import type { Checked, Scope } from "./checker.ts";
import type { Overload } from "./declarations.ts";
import { absorbed, CelEvaluationError, failure, noSuchKey, noSuchOverload } from "./errors.ts";
import { planFold } from "./fold.ts";
import type { Frame } from "./frame.ts";
import { guardOf } from "./guards.ts";
import { invoke } from "./invoke.ts";
import { addEntry } from "./map-entries.ts";
import { type CelType, celTypes } from "./types.ts";
import { type CelValue, KeyedMap, keyOf, List, MapValue, Optional, Struct } from "./values.ts";

export type Eval = (frame: Frame) => CelValue;

/** What a closure costs beyond its parts. */
const LIST_COST = 10;
const MAP_COST = 30;
const STRUCT_COST = 40;

export interface Plan {
  readonly run: Eval;
  /** The slots of a frame, all empty. */
  readonly slots: readonly undefined[];
}

export function plan(checked: Checked, scope: Scope): Plan {
  const planner = new Planner(checked, scope);
  const run = planner.plan(checked.tree);
  return { run, slots: Array.from({ length: planner.slots }, () => undefined) };
}

export class Planner {
  readonly #checked: Checked;
  readonly #scope: Scope;
  readonly #variables = new Map<string, number>();
  readonly #locals: { name: string; read: Eval }[] = [];
  slots = 0;

  constructor(checked: Checked, scope: Scope) {
    this.#checked = checked;
    this.#scope = scope;
  }

  plan(expr: Expr): Eval {
    step(10);
    switch (expr.kind) {
      case "literal": {
        const { value } = expr;
        return () => value;
      }
      case "ident":
        return this.#name(expr.name);
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return this.#struct(expr);
      case "fold":
        return this.#fold(expr);
    }
  }

  get #unchecked(): boolean {
    return this.#checked.types.size === 0;
  }

  /** The closures that plan sees only while `inner` is planned, under a name. */
  withLocal<T>(name: string, read: Eval, inner: () => T): T {
    this.#locals.push({ name, read });
    const planned = inner();
    this.#locals.pop();
    return planned;
  }

  #fold(expr: Comprehension): Eval {
    return planFold(expr, this);
  }

  newSlot(): number {
    return this.slots++;
  }

  #name(name: string): Eval {
    const local = this.#locals.findLast((known) => known.name === name);
    if (local) return local.read;
    const plain = name.startsWith(".") ? name.slice(1) : name;
    const type = this.#scope.variable(plain);
    if (type) return this.#variable(plain, type);
    return this.#constant(plain) ?? (this.#unchecked ? this.#variable(plain, celTypes.dyn) : unknownName(plain));
  }

  #constant(name: string): Eval | undefined {
    const constant = this.#scope.constant(name);
    return constant && (() => constant.value);
  }

  #variable(name: string, type: CelType): Eval {
    const adapt = adapterOf(type);
    const slot = this.#variables.get(name) ?? this.newSlot();
    this.#variables.set(name, slot);
    const maybeAbsent = type.kind === "opaque" && type.name === "optional_type";
    return (f) => {
      f.spend(1);
      const known = f.slots[slot];
      if (known !== undefined) return known as CelValue;
      const raw = f.activation[name];
      if (raw === undefined && !maybeAbsent) throw failure(`no such attribute(s): ${name}`);
      const value = adapt(raw);
      f.slots[slot] = value;
      return value;
    };
  }

  #select(expr: Select): Eval {
    if (expr.test) return this.#has(expr);
    const name = this.#checked.names.get(expr.id) ?? this.#uncheckedName(expr);
    if (name !== undefined) return this.#name(name);
    const operand = this.plan(expr.operand);
    const { field } = expr;
    const cost = accessCost(expr.operand);
    return (f) => {
      const container = operand(f);
      f.spend(cost);
      if (container instanceof MapValue) {
        const value = container.field(field);
        if (value === undefined) throw noSuchKey(field);
        return value;
      }
      return selectElsewhere(container, field);
    };
  }

  /** Without types, the longest name that is a variable is meant. */
  #uncheckedName(expr: Select): string | undefined {
    if (!this.#unchecked) return undefined;
    const name = qualifiedName(expr);
    return name !== undefined && (this.#scope.variable(name) || this.#scope.constant(name)) ? name : undefined;
  }

  #has({ operand: inner, field }: Select): Eval {
    const operand = this.plan(inner);
    return (f) => {
      const value = operand(f);
      const container = value instanceof Optional ? value.value : value;
      return container instanceof MapValue && container.field(field) !== undefined;
    };
  }

  #call(expr: Call): Eval {
    const name = this.#checked.names.get(expr.id) ?? this.#functionName(expr);
    const member = expr.target !== undefined && name === expr.name;
    const operands = member && expr.target ? [expr.target, ...expr.args] : expr.args;
    switch (name) {
      case "_&&_":
        return this.#junction(expr.args, false);
      case "_||_":
        return this.#junction(expr.args, true);
      case "_?_:_":
        return this.#choice(expr.args);
      case "@not_strictly_false":
        return this.#notFalse(expr.args[0] as Expr);
      case "_[_]":
        return this.#access(operands, atIndex);
      case "_[?_]":
        return this.#access(operands, atOptionalIndex);
      case "_?._":
        return this.#access(operands, atOptionalIndex);
      case "or":
      case "orValue":
        if (member && operands.length === 2) return this.#orElse(operands, name === "or");
    }
    const overloads =
      this.#checked.overloads.get(expr.id) ??
      this.#scope.overloads(name).filter((o) => o.member === member && o.params.length === operands.length);
    const constant = foldConstant(name, operands, overloads);
    if (constant !== undefined) return () => constant;
    const args = operands.map((arg) => this.plan(arg));
    const set = name === "@in" ? constantSet(operands[1] as Expr) : undefined;
    if (set) return membership(args[0] as Eval, set);
    if (overloads.length === 0)
      return () => {
        throw this.#scope.overloads(name).length > 0 ? noSuchOverload() : failure(`unbound function: ${name}`);
      };
    return invoke(overloads, args);
  }

  #functionName(expr: Call): string {
    const prefix = expr.target && this.#unchecked ? qualifiedName(expr.target) : undefined;
    const qualified = prefix === undefined ? undefined : `${prefix}.${expr.name}`;
    if (qualified !== undefined && this.#scope.overloads(qualified).length > 0) return qualified;
    return expr.name.startsWith(".") ? expr.name.slice(1) : expr.name;
  }

  /** `&&` and `||`: one side decides, whatever becomes of the other. */
  #junction(args: readonly Expr[], decisive: boolean): Eval {
    const [left, right] = args.map((arg) => this.plan(arg)) as [Eval, Eval];
    return (f) => {
      let first: CelValue | CelEvaluationError;
      try {
        first = left(f);
      } catch (error) {
        first = absorbed(error);
      }
      if (first === decisive) return decisive;
      const second = right(f);
      if (second === decisive) return decisive;
      if (first instanceof CelEvaluationError) throw first;
      if (first === !decisive && second === !decisive) return !decisive;
      throw noSuchOverload();
    };
  }

  #choice(args: readonly Expr[]): Eval {
    const [condition, then, otherwise] = args.map((arg) => this.plan(arg)) as [Eval, Eval, Eval];
    return (f) => {
      const chosen = condition(f);
      if (chosen === true) return then(f);
      if (chosen === false) return otherwise(f);
      throw noSuchOverload();
    };
  }

  #notFalse(arg: Expr): Eval {
    const operand = this.plan(arg);
    return (f) => {
      f.spend(1);
      try {
        return operand(f) !== false;
      } catch (error) {
        absorbed(error);
        return true;
      }
    };
  }

  /** The other is only evaluated where there is no value. */
  #orElse(operands: readonly Expr[], wrapped: boolean): Eval {
    const [first, other] = operands.map((operand) => this.plan(operand)) as [Eval, Eval];
    return (f) => {
      const optional = first(f);
      if (!(optional instanceof Optional)) throw noSuchOverload();
      return optional.value === undefined ? other(f) : wrapped ? optional : optional.value;
    };
  }

  #access(operands: readonly Expr[], get: (container: CelValue, key: CelValue) => CelValue): Eval {
    const [container, key] = operands.map((operand) => this.plan(operand)) as [Eval, Eval];
    const cost = accessCost(operands[0] as Expr);
    return (f) => {
      const value = container(f);
      const at = key(f);
      f.spend(cost);
      return get(value, at);
    };
  }

  #list({ elements, optional }: ListLiteral): Eval {
    const constants = elements.map((element) => (element.kind === "literal" ? element.value : undefined));
    if (optional.size === 0 && constants.every((value) => value !== undefined)) {
      const list = new List(constants);
      return () => list;
    }
    const items = elements.map((element) => this.plan(element));
    return (f) => {
      const values: CelValue[] = [];
      for (const [i, item] of items.entries()) {
        const value = optional.has(i) ? optionalItem(item(f)) : item(f);
        if (value !== undefined) values.push(value);
      }
      f.spend(LIST_COST);
      return new List(values);
    };
  }

  #map({ entries }: MapLiteral): Eval {
    const parts = entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }));
    return (f) => {
      const made = new Map<unknown, readonly [CelValue, CelValue]>();
      for (const { key: keyOfEntry, value: valueOfEntry, optional } of parts) {
        const key = keyOfEntry(f);
        const value = optional ? optionalItem(valueOfEntry(f)) : valueOfEntry(f);
        if (value !== undefined) addEntry(made, key, value);
      }
      f.spend(MAP_COST);
      return new KeyedMap(made);
    };
  }

  #struct({ type, fields }: StructLiteral): Eval {
    const name = type.replace(/^\./, "");
    const parts = fields.map((field) => ({
      name: field.name,
      value: this.plan(field.value),
      optional: field.optional,
    }));
    return (f) => {
      const made = new Map<string, CelValue>();
      for (const part of parts) {
        const value = part.optional ? optionalItem(part.value(f)) : part.value(f);
        if (value !== undefined) made.set(part.name, value);
      }
      f.spend(STRUCT_COST);
      return new Struct(name, made);
    };
  }
}

function unknownName(name: string): Eval {
  return () => {
    throw failure(`undeclared reference to '${name}' (in container '')`);
  };
}

const CONVERSIONS = new Set([
  "bool",
  "bytes",
  "double",
  "duration",
  "dyn",
  "int",
  "string",
  "timestamp",
  "type",
  "uint",
]);

/** The value of a conversion of a literal, which costs nothing; undefined for anything else, and what fails. */
function foldConstant(name: string, args: readonly Expr[], overloads: readonly Overload[]): CelValue | undefined {
  const [arg] = args;
  if (!CONVERSIONS.has(name) || args.length !== 1 || arg?.kind !== "literal") return undefined;
  const overload = overloads.find(({ params }) => guardOf(params[0])?.(arg.value) ?? true);
  try {
    return overload && (overload.call as (value: CelValue) => CelValue)(arg.value);
  } catch (error) {
    absorbed(error);
    return undefined;
  }
}

/** The keys of a literal list of constants that can be looked up at once. */
function constantSet(list: Expr): ReadonlySet<unknown> | undefined {
  if (list.kind !== "list" || list.optional.size > 0) return undefined;
  const keys = new Set<unknown>();
  for (const element of list.elements) {
    if (element.kind !== "literal") return undefined;
    const key = keyOf(element.value);
    if (typeof key !== "string" && typeof key !== "bigint" && typeof key !== "boolean") return undefined;
    keys.add(key);
  }
  return keys;
}

const membership =
  (item: Eval, set: ReadonlySet<unknown>): Eval =>
  (f) =>
    set.has(keyOf(item(f)));
