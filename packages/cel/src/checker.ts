/**
 * Finds the type of every node, the overloads that a call may mean, and what is wrong, in the original's words.
 * Goes on after a mistake: what has none gets the type "error", which fits everywhere.
 */
import { step } from "@kubets/machinery/stretch";
import type { Call, Comprehension, Expr, ListLiteral, MapLiteral, Select, StructLiteral } from "./ast.ts";
import { qualifiedName } from "./ast.ts";
import type { Overload } from "./declarations.ts";
import type { Issues } from "./issue.ts";
import { type CelType, celTypes, formatType, isDynamic, type ObjectType, optionalOf } from "./types.ts";
import { Bindings, lessSpecific, sameType } from "./unify.ts";
import { type CelValue, Duration, Timestamp, Uint } from "./values.ts";

/** What a source may name. */
export interface Scope {
  variable(name: string): CelType | undefined;
  /** Names that stand for a value known beforehand, such as types. */
  constant(name: string): { readonly type: CelType; readonly value: CelValue } | undefined;
  overloads(name: string): readonly Overload[];
  objectType(name: string): ObjectType | undefined;
}

/** What was found, by the numbers of the nodes. */
export interface Checked {
  readonly tree: Expr;
  readonly types: ReadonlyMap<number, CelType>;
  readonly overloads: ReadonlyMap<number, readonly Overload[]>;
  /** Selections (`a.b`) and calls that are one name of the scope. */
  readonly names: ReadonlyMap<number, string>;
}

export function check(tree: Expr, scope: Scope, issues: Issues): Checked {
  return new Checker(scope, issues).run(tree);
}

class Checker {
  readonly #scope: Scope;
  readonly #issues: Issues;
  readonly #bindings = new Bindings();
  readonly #types = new Map<number, CelType>();
  readonly #overloads = new Map<number, readonly Overload[]>();
  readonly #names = new Map<number, string>();
  /** Variables of folds, innermost last. */
  readonly #locals: { name: string; type: CelType }[] = [];

  constructor(scope: Scope, issues: Issues) {
    this.#scope = scope;
    this.#issues = issues;
  }

  run(tree: Expr): Checked {
    this.#check(tree);
    for (const [id, type] of this.#types) this.#types.set(id, this.#bindings.resolve(type, true));
    return { tree, types: this.#types, overloads: this.#overloads, names: this.#names };
  }

  #check(expr: Expr): CelType {
    step(20);
    const type = this.#typeOf(expr);
    this.#types.set(expr.id, type);
    return type;
  }

  #typeOf(expr: Expr): CelType {
    switch (expr.kind) {
      case "literal":
        return literalType(expr.value);
      case "ident":
        return this.#named(expr.name) ?? this.#undeclared(expr.at, expr.name);
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

  #undeclared(at: number, name: string): CelType {
    return this.#wrong(at, `undeclared reference to '${name}' (in container '')`);
  }

  #wrong(at: number, message: string): CelType {
    this.#issues.report(at, message);
    return celTypes.error;
  }

  #named(name: string): CelType | undefined {
    const local = this.#locals.findLast((known) => known.name === name);
    if (local) return local.type;
    const plain = name.startsWith(".") ? name.slice(1) : name;
    return this.#scope.variable(plain) ?? this.#scope.constant(plain)?.type;
  }

  #select(expr: Select): CelType {
    const name = expr.test ? undefined : qualifiedName(expr);
    const root = name?.slice(0, name.indexOf("."));
    if (name !== undefined && !this.#locals.some((local) => local.name === root)) {
      const type = this.#named(name);
      if (type) {
        this.#names.set(expr.id, name);
        return type;
      }
    }
    const type = this.#field(expr.at, this.#check(expr.operand), expr.field, false);
    return expr.test ? celTypes.bool : type;
  }

  /** The type of a field; of an optional's field, an optional. */
  #field(at: number, operand: CelType, field: string, optional: boolean): CelType {
    const resolved = this.#bindings.resolve(operand, false);
    const inside = optionalOf(resolved);
    const type = this.#plainField(at, inside ? this.#bindings.resolve(inside, false) : resolved, field);
    return inside || optional ? celTypes.optional(type) : type;
  }

  #plainField(at: number, type: CelType, field: string): CelType {
    switch (type.kind) {
      case "map":
        return type.value;
      case "object": {
        const found = Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
        return found?.type ?? this.#wrong(at, `undefined field '${field}'`);
      }
      case "param":
        this.#bindings.assignable(type, celTypes.dyn);
        return celTypes.dyn;
      case "dyn":
      case "error":
        return celTypes.dyn;
      default:
        return this.#wrong(at, `type '${formatType(type)}' does not support field selection`);
    }
  }

  #call(expr: Call): CelType {
    if (expr.name === "_?._") return this.#optionalSelect(expr);
    const argTypes = expr.args.map((arg) => this.#check(arg));
    if (!expr.target) {
      const name = expr.name.startsWith(".") ? expr.name.slice(1) : expr.name;
      return this.#resolve(expr, name, argTypes, undefined);
    }
    const prefix = qualifiedName(expr.target);
    const qualified = prefix === undefined ? undefined : `${prefix}.${expr.name}`.replace(/^\./, "");
    if (qualified !== undefined && this.#scope.overloads(qualified).length > 0) {
      this.#names.set(expr.id, qualified);
      return this.#resolve(expr, qualified, argTypes, undefined);
    }
    return this.#resolve(expr, expr.name, argTypes, this.#check(expr.target));
  }

  #optionalSelect(expr: Call): CelType {
    const [operand, field] = expr.args as [Expr, Expr & { value: string }];
    this.#types.set(field.id, celTypes.string);
    return this.#field(expr.at, this.#check(operand), field.value, true);
  }

  #resolve(expr: Call, name: string, args: readonly CelType[], target: CelType | undefined): CelType {
    const declared = this.#scope.overloads(name);
    if (declared.length === 0) return this.#undeclared(expr.at, name);
    const given = target ? [target, ...args] : args;
    const fitting: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of declared) {
      if (overload.member !== (target !== undefined) || overload.params.length !== given.length) continue;
      const [own, ...params] = this.#bindings.instantiate([overload.result, ...overload.params]) as [
        CelType,
        ...CelType[],
      ];
      if (!this.#bindings.allAssignable(given, params)) continue;
      fitting.push(overload);
      const type = this.#bindings.resolve(own, false);
      if (result === undefined) result = type;
      else if (!isDynamic(result) && !sameType(result, type)) result = celTypes.dyn;
    }
    if (result === undefined) return this.#noOverload(expr.at, name, args, target);
    this.#overloads.set(expr.id, fitting);
    return result;
  }

  #noOverload(at: number, name: string, args: readonly CelType[], target: CelType | undefined): CelType {
    const print = (type: CelType) => formatType(this.#bindings.resolve(type, true));
    const list = `(${args.map(print).join(", ")})`;
    const applied = target ? `${print(target)}.${list}` : list;
    return this.#wrong(at, `found no matching overload for '${name}' applied to '${applied}'`);
  }

  #list(expr: ListLiteral): CelType {
    let element: CelType | undefined;
    for (const [i, item] of expr.elements.entries()) {
      const type = this.#item(item, expr.optional.has(i));
      element = this.#join(element, type);
    }
    return celTypes.list(element ?? this.#bindings.fresh());
  }

  #map(expr: MapLiteral): CelType {
    let [key, value]: [CelType?, CelType?] = [];
    for (const entry of expr.entries) {
      key = this.#join(key, this.#check(entry.key));
      value = this.#join(value, this.#item(entry.value, entry.optional));
    }
    return celTypes.map(key ?? this.#bindings.fresh(), value ?? this.#bindings.fresh());
  }

  /** The type that an item adds: for `?item`, what is in the optional. */
  #item(item: Expr, optional: boolean): CelType {
    const type = this.#check(item);
    if (!optional) return type;
    const resolved = this.#bindings.resolve(type, false);
    if (isDynamic(resolved)) return celTypes.dyn;
    return optionalOf(resolved) ?? this.#mismatch(item.at, celTypes.optional(type), type);
  }

  /** The type of items of both types; where they differ, anything. */
  #join(known: CelType | undefined, type: CelType): CelType {
    if (known === undefined) return type;
    if (!this.#bindings.assignable(known, type)) return celTypes.dyn;
    return lessSpecific(known, type) ? known : type;
  }

  #mismatch(at: number, wanted: CelType, found: CelType): CelType {
    const [a, b] = [this.#bindings.resolve(wanted, false), this.#bindings.resolve(found, false)];
    return this.#wrong(at, `expected type '${formatType(a)}' but found '${formatType(b)}'`);
  }

  #struct(expr: StructLiteral): CelType {
    const name = expr.type.replace(/^\./, "");
    const type = this.#scope.objectType(name);
    if (!type) return this.#notAnObject(expr.at, name);
    for (const field of expr.fields) {
      const wanted = Object.hasOwn(type.fields, field.name) ? type.fields[field.name] : undefined;
      if (!wanted) this.#wrong(field.at, `undefined field '${field.name}'`);
      const found = this.#item(field.value, field.optional);
      if (!wanted || this.#bindings.assignable(found, wanted.type)) continue;
      const [a, b] = [formatType(wanted.type), formatType(this.#bindings.resolve(found, true))];
      this.#wrong(field.at, `expected type of field '${field.name}' is '${a}' but provided type is '${b}'`);
    }
    return type;
  }

  #notAnObject(at: number, name: string): CelType {
    const type = this.#named(name);
    if (!type) return this.#undeclared(at, name);
    if (type.kind !== "type") return this.#wrong(at, `'${formatType(type)}' is not a type`);
    return this.#wrong(at, `'${type.of ? formatType(type.of) : name}' is not a message type`);
  }

  #fold(expr: Comprehension): CelType {
    const range = this.#check(expr.range);
    const init = this.#check(expr.init);
    const [first, second] = this.#rangeTypes(expr, this.#bindings.resolve(range, false));
    const outer = this.#locals.length;
    this.#locals.push({ name: expr.accumulator, type: init });
    this.#locals.push({ name: expr.variable, type: first });
    if (expr.second !== undefined) this.#locals.push({ name: expr.second, type: second });
    this.#expect(expr.condition, celTypes.bool);
    this.#expect(expr.step, init);
    this.#locals.length = outer + 1;
    const result = this.#check(expr.result);
    this.#locals.length = outer;
    return this.#bindings.resolve(result, false);
  }

  #expect(expr: Expr, wanted: CelType): void {
    const found = this.#check(expr);
    if (!this.#bindings.assignable(found, wanted)) this.#mismatch(expr.at, wanted, found);
  }

  #rangeTypes(expr: Comprehension, range: CelType): [CelType, CelType] {
    const two = expr.second !== undefined;
    switch (range.kind) {
      case "list":
        return two ? [celTypes.int, range.element] : [range.element, celTypes.dyn];
      case "map":
        return [range.key, range.value];
      case "dyn":
      case "error":
        return [celTypes.dyn, celTypes.dyn];
      case "param":
        this.#bindings.assignable(range, celTypes.dyn);
        return [celTypes.dyn, celTypes.dyn];
    }
    const type = formatType(range);
    this.#wrong(
      expr.range.at,
      `expression of type '${type}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
    return [celTypes.error, celTypes.error];
  }
}

function literalType(value: CelValue): CelType {
  if (value === null) return celTypes.null;
  if (typeof value === "string") return celTypes.string;
  if (typeof value === "boolean") return celTypes.bool;
  if (typeof value === "bigint") return celTypes.int;
  if (typeof value === "number") return celTypes.double;
  if (value instanceof Uint) return celTypes.uint;
  if (value instanceof Timestamp) return celTypes.timestamp;
  return value instanceof Duration ? celTypes.duration : celTypes.bytes;
}
