/**
 * Macros: calls that the parser replaces by other trees. `has` tests a field; `all`, `exists`, `map` and their kin are
 * folds over a list or map, with one variable or two; `cel.bind` and the `opt` macros name a value.
 */
import type { Expr } from "./ast.ts";
import type { CelValue } from "./values.ts";

export interface Macro {
  readonly name: string;
  readonly arguments: number;
  readonly member: boolean;
  /** undefined: no macro after all, but a call. */
  unfold(call: MacroCall): Expr | undefined;
}

interface MacroCall {
  readonly id: () => number;
  /** Where the call stands; all that the macro makes stands there too. */
  readonly at: number;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

export class MacroError extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

export class Macros {
  readonly #known: ReadonlyMap<string, Macro>;
  constructor(macros: Iterable<Macro>) {
    this.#known = new Map([...macros].map((macro) => [keyOf(macro.name, macro.arguments, macro.member), macro]));
  }
  find(name: string, count: number, member: boolean): Macro | undefined {
    return this.#known.get(keyOf(name, count, member));
  }
}

const keyOf = (name: string, count: number, member: boolean): string => `${name}/${count}/${member}`;

/** The name of a fold's accumulator; no source can write it. */
const RESULT = "@result";

/** Makes trees at the place of a call. */
class Trees {
  readonly #call: MacroCall;
  constructor(call: MacroCall) {
    this.#call = call;
  }
  #node(): { id: number; at: number } {
    return { id: this.#call.id(), at: this.#call.at };
  }
  value(value: CelValue): Expr {
    return { kind: "literal", ...this.#node(), value };
  }
  name(name: string): Expr {
    return { kind: "ident", ...this.#node(), name };
  }
  get result(): Expr {
    return this.name(RESULT);
  }
  call(name: string, ...args: Expr[]): Expr {
    return { kind: "call", ...this.#node(), name, args };
  }
  member(target: Expr, name: string, ...args: Expr[]): Expr {
    return { kind: "call", ...this.#node(), name, target, args };
  }
  list(...elements: Expr[]): Expr {
    return { kind: "list", ...this.#node(), elements, optional: new Set() };
  }
  emptyMap(): Expr {
    return { kind: "map", ...this.#node(), entries: [] };
  }
  has(operand: Expr, field: string): Expr {
    return { kind: "select", ...this.#node(), operand, field, test: true };
  }
  fold(
    range: Expr,
    variables: readonly string[],
    parts: { init: Expr; condition: Expr; step: Expr; result: Expr },
    accumulator = RESULT,
  ): Expr {
    const [variable = "", second] = variables;
    return {
      kind: "fold",
      ...this.#node(),
      range,
      variable,
      ...(second !== undefined && { second }),
      accumulator,
      ...parts,
    };
  }
}

const has: Macro = {
  name: "has",
  arguments: 1,
  member: false,
  unfold(call) {
    const [arg] = call.args as [Expr];
    if (arg.kind !== "select" || arg.test) throw new MacroError(arg.at, "invalid argument to has() macro");
    return new Trees(call).has(arg.operand, arg.field);
  },
};

type Fold = (trees: Trees, range: Expr, variables: readonly string[], rest: readonly Expr[]) => Expr;

const all: Fold = (t, range, variables, [condition]) =>
  t.fold(range, variables, {
    init: t.value(true),
    condition: t.call("@not_strictly_false", t.result),
    step: t.call("_&&_", t.result, condition as Expr),
    result: t.result,
  });

const exists: Fold = (t, range, variables, [condition]) =>
  t.fold(range, variables, {
    init: t.value(false),
    condition: t.call("@not_strictly_false", t.call("!_", t.result)),
    step: t.call("_||_", t.result, condition as Expr),
    result: t.result,
  });

const existsOne: Fold = (t, range, variables, [condition]) =>
  t.fold(range, variables, {
    init: t.value(0n),
    condition: t.value(true),
    step: t.call("_?_:_", condition as Expr, t.call("_+_", t.result, t.value(1n)), t.result),
    result: t.call("_==_", t.result, t.value(1n)),
  });

/** Items that pass (all, without a filter) are mapped and added to a list. */
const toList: Fold = (t, range, variables, [first, second]) => {
  const [filter, item] = second ? [first, second] : [undefined, first];
  const added = t.call("_+_", t.result, t.list(item as Expr));
  return t.fold(range, variables, {
    init: t.list(),
    condition: t.value(true),
    step: filter ? t.call("_?_:_", filter, added, t.result) : added,
    result: t.result,
  });
};

const filter: Fold = (t, range, variables, [condition]) =>
  toList(t, range, variables, [condition as Expr, t.name(variables[0] as string)]);

/** As `toList`, into a map: under the same key, or as the entries of a map that is made. */
const toMap =
  (entries: boolean): Fold =>
  (t, range, variables, [first, second]) => {
    const [condition, item] = second ? [first, second] : [undefined, first as Expr];
    const added = entries
      ? t.call("cel.@mapInsert", t.result, item)
      : t.call("cel.@mapInsert", t.result, t.name(variables[0] as string), item);
    return t.fold(range, variables, {
      init: t.emptyMap(),
      condition: t.value(true),
      step: condition ? t.call("_?_:_", condition, added, t.result) : added,
      result: t.result,
    });
  };

/** A macro `range.name(variables..., rest...)`. */
function foldMacro(name: string, variables: number, rest: number, fold: Fold): Macro {
  const simple = variables === 2 || (fold !== toList && fold !== filter);
  return {
    name,
    arguments: variables + rest,
    member: true,
    unfold(call) {
      const names = call.args.slice(0, variables).map((arg) => variableName(arg, simple));
      if (variables === 2 && names[0] === names[1])
        throw new MacroError((call.args[1] as Expr).at, `duplicate variable name: ${names[1]}`);
      return fold(new Trees(call), call.target as Expr, names, call.args.slice(variables));
    },
  };
}

function variableName(arg: Expr, simple: boolean): string {
  if (arg.kind !== "ident" || arg.name.startsWith("."))
    throw new MacroError(arg.at, simple ? "argument must be a simple name" : "argument is not an identifier");
  if (arg.name === RESULT || arg.name === "__result__")
    throw new MacroError(arg.at, "iteration variable overwrites accumulator variable");
  return arg.name;
}

export const standardMacros: readonly Macro[] = [
  has,
  foldMacro("all", 1, 1, all),
  foldMacro("exists", 1, 1, exists),
  foldMacro("exists_one", 1, 1, existsOne),
  foldMacro("existsOne", 1, 1, existsOne),
  foldMacro("map", 1, 1, toList),
  foldMacro("map", 1, 2, toList),
  foldMacro("filter", 1, 1, filter),
];

export const twoVariableMacros: readonly Macro[] = [
  foldMacro("all", 2, 1, all),
  foldMacro("exists", 2, 1, exists),
  foldMacro("exists_one", 2, 1, existsOne),
  foldMacro("existsOne", 2, 1, existsOne),
  foldMacro("transformList", 2, 1, toList),
  foldMacro("transformList", 2, 2, toList),
  foldMacro("transformMap", 2, 1, toMap(false)),
  foldMacro("transformMap", 2, 2, toMap(false)),
  foldMacro("transformMapEntry", 2, 1, toMap(true)),
  foldMacro("transformMapEntry", 2, 2, toMap(true)),
];

/** A value under a name: a fold over nothing, whose accumulator is the value. */
function bound(t: Trees, name: string, value: Expr, inner: Expr): Expr {
  return t.fold(
    t.list(),
    ["#unused"],
    { init: value, condition: t.value(false), step: t.name(name), result: inner },
    name,
  );
}

const bind: Macro = {
  name: "bind",
  arguments: 3,
  member: true,
  unfold(call) {
    if (call.target?.kind !== "ident" || call.target.name !== "cel") return undefined;
    const [name, value, inner] = call.args as [Expr, Expr, Expr];
    if (name.kind !== "ident") throw new MacroError(name.at, "cel.bind() variable names must be simple identifiers");
    return bound(new Trees(call), name.name, value, inner);
  },
};

function optionalMacro(name: string, flat: boolean): Macro {
  return {
    name,
    arguments: 2,
    member: true,
    unfold(call) {
      const [variable, mapped] = call.args as [Expr, Expr];
      if (variable.kind !== "ident")
        throw new MacroError(variable.at, `${name}() variable name must be a simple identifier`);
      const t = new Trees(call);
      const target = call.target as Expr;
      const inner = bound(t, variable.name, t.member(target, "value"), mapped);
      return t.call(
        "_?_:_",
        t.member(target, "hasValue"),
        flat ? inner : t.call("optional.of", inner),
        t.call("optional.none"),
      );
    },
  };
}

export const bindMacros: readonly Macro[] = [bind];
export const optionalMacros: readonly Macro[] = [optionalMacro("optMap", false), optionalMacro("optFlatMap", true)];
