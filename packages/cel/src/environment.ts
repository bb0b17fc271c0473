/**
 * What expressions may name, and the compiling of expressions in it. An environment does not change; `extend` gives a
 * new one that shares its libraries' tables.
 */
import { stepped, TooLong } from "@kubets/machinery/stretch";
import { type Checked, check, type Scope } from "./checker.ts";
import { estimateCost } from "./cost-estimate.ts";
import type { CostRange } from "./cost-range.ts";
import type { Library, Overload } from "./declarations.ts";
import { type Activation, Frame } from "./frame.ts";
import { type CelIssue, Issues } from "./issue.ts";
import { tooLarge } from "./limits.ts";
import { checkLiterals } from "./literal-checks.ts";
import { Macros } from "./macros.ts";
import { parse } from "./parser.ts";
import { type Plan, plan } from "./planner.ts";
import { standard } from "./standard/index.ts";
import { type CelType, celTypes, formatType, type ObjectType } from "./types.ts";
import { sameType } from "./unify.ts";
import type { CelValue } from "./values.ts";
import { visit } from "./visit.ts";

export interface EnvironmentOptions {
  /** The variables of expressions, by name. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Beyond the standard library. */
  readonly libraries?: readonly Library[];
  /** Object types that expressions may make: `Object{...}`. */
  readonly types?: readonly ObjectType[];
  /** Whether the items of a literal list or map must be of one type, but in arguments of `format`; yes, unless said. */
  readonly sameItems?: boolean;
}

export interface CompileOptions {
  /** The types that the result may have; dyn always passes. */
  readonly expect?: readonly CelType[];
  /** No types are checked and everything is settled on the values; for reading other people's expressions. */
  readonly unchecked?: boolean;
}

export type Compiled =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly errors: readonly CelIssue[] };

/** What one call may cost, and what all that check one request may cost together. */
export const PER_CALL_LIMIT = 1_000_000;
export const RUNTIME_COST_BUDGET = 10_000_000;

/** What may still be spent; several evaluations share one, and spend it together. */
export class Budget {
  remaining: number;
  constructor(total: number = RUNTIME_COST_BUDGET) {
    this.remaining = total;
  }
  /** Whether more has been spent than there was. */
  get exceeded(): boolean {
    return this.remaining < 0;
  }
}

export interface EvaluateOptions {
  /** Is charged with what the evaluation cost, whether it succeeds or not. */
  readonly budget?: Budget;
  /** What this evaluation may cost; PER_CALL_LIMIT unless said. */
  readonly limit?: number;
  /** By when it must end, on performance.now()'s clock; folds look at it. */
  readonly deadline?: number;
}

export class Environment implements Scope {
  readonly sameItems: boolean;
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #types: ReadonlyMap<string, ObjectType>;
  readonly #libraries: Tables;

  constructor(
    variables: ReadonlyMap<string, CelType>,
    types: ReadonlyMap<string, ObjectType>,
    libraries: Tables,
    sameItems: boolean,
  ) {
    this.#variables = variables;
    this.#types = types;
    this.#libraries = libraries;
    this.sameItems = sameItems;
  }

  extend({ variables = {}, types = [], libraries = [], sameItems = this.sameItems }: EnvironmentOptions): Environment {
    return new Environment(
      new Map([...this.#variables, ...Object.entries(variables)]),
      new Map([...this.#types, ...types.map((type) => [type.name, type] as const)]),
      libraries.length === 0 ? this.#libraries : this.#libraries.with(libraries),
      sameItems,
    );
  }

  compile(source: string, { expect, unchecked = false }: CompileOptions = {}): Compiled {
    const issues = new Issues(source);
    const tree = parse(source, this.#libraries.macros, issues);
    if (!tree) return { ok: false, errors: issues.list() };
    const checked = unchecked ? withoutTypes(tree) : check(tree, this, issues);
    if (!issues.any && !unchecked) checkLiterals(checked, this.sameItems, issues);
    if (issues.any) return { ok: false, errors: issues.list() };
    const program = new Program(source, checked, this);
    if (expect && !expect.some((type) => fits(program.type, type))) {
      issues.report(undefined, `must evaluate to ${expect.map(formatType).join(" or ")}`);
      return { ok: false, errors: issues.list() };
    }
    return { ok: true, program };
  }

  variable(name: string): CelType | undefined {
    return this.#variables.get(name);
  }

  constant(name: string): { readonly type: CelType; readonly value: CelValue } | undefined {
    return this.#libraries.constants.get(name);
  }

  overloads(name: string): readonly Overload[] {
    return this.#libraries.overloads.get(name) ?? [];
  }

  objectType(name: string): ObjectType | undefined {
    return this.#types.get(name);
  }
}

/** What libraries declare, by name. */
class Tables {
  readonly overloads: ReadonlyMap<string, readonly Overload[]>;
  readonly constants: ReadonlyMap<string, { readonly type: CelType; readonly value: CelValue }>;
  readonly macros: Macros;
  readonly #libraries: readonly Library[];

  constructor(libraries: readonly Library[]) {
    this.#libraries = libraries;
    this.overloads = Map.groupBy(
      libraries.flatMap((library) => library.overloads),
      ({ name }) => name,
    );
    this.constants = new Map(libraries.flatMap(({ constants = {} }) => Object.entries(constants)));
    this.macros = new Macros(libraries.flatMap(({ macros = [] }) => macros));
  }

  with(more: readonly Library[]): Tables {
    const known = new Set(this.#libraries.map(({ name }) => name));
    return new Tables([...this.#libraries, ...more.filter(({ name }) => !known.has(name))]);
  }
}

/** An environment with the standard library, and what else is asked for. */
export function environment(options: EnvironmentOptions = {}): Environment {
  return new Environment(new Map(), new Map(), new Tables([standard]), true).extend(options);
}

const fits = (found: CelType, wanted: CelType): boolean =>
  found.kind === "dyn" || wanted.kind === "dyn" || sameType(found, wanted);

const withoutTypes = (tree: Checked["tree"]): Checked => ({
  tree,
  types: new Map(),
  overloads: new Map(),
  names: new Map(),
});

/** A compiled expression: may be evaluated any number of times. */
export class Program {
  readonly source: string;
  /** The type of the result. */
  readonly type: CelType;
  readonly #checked: Checked;
  readonly #scope: Scope;
  #plan: Plan | undefined;

  constructor(source: string, checked: Checked, scope: Scope) {
    this.source = source;
    this.#checked = checked;
    this.#scope = scope;
    this.type = checked.types.get(checked.tree.id) ?? celTypes.dyn;
  }

  /**
   * The value; throws a CelEvaluationError where there is none, and a CelLimitError where it costs too much.
   * Variables are read when they are used, and must not change meanwhile.
   */
  evaluate(activation: Activation, { budget, limit = PER_CALL_LIMIT, deadline }: EvaluateOptions = {}): CelValue {
    this.#plan ??= plan(this.#checked, this.#scope);
    const frame = new Frame(this.#plan.slots.slice(), activation, limit, deadline);
    // What is not done costs nothing: it is done elsewhere.
    let { cost } = frame;
    try {
      const value = this.#plan.run(frame);
      cost = frame.cost;
      return value;
    } catch (error) {
      if (error instanceof TooLong) throw error;
      cost = frame.cost;
      // Deeper or longer than the machine can hold.
      if (error instanceof RangeError) throw tooLarge();
      throw error;
    } finally {
      stepped(frame.steps);
      if (budget) budget.remaining -= cost;
    }
  }

  /** What an evaluation costs at least and at most, by the bounds of the variables' types, as for custom resources. */
  estimateCost(): CostRange {
    return estimateCost(this.#checked, this.#scope.variable("self"));
  }

  /** Whether the expression uses this variable. */
  uses(variable: string): boolean {
    let found = false;
    visit(this.#checked.tree, (expr) => {
      if (expr.kind === "ident" && expr.name === variable) found = true;
    });
    return found;
  }
}
