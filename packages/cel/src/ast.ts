/**
 * The tree of an expression. Every node has a number of its own, under which the checker keeps its type and the
 * overloads it stands for, and the offset in the source where errors about it point.
 */
import type { CelValue } from "./values.ts";

interface Node {
  readonly id: number;
  readonly at: number;
}

interface Literal extends Node {
  readonly kind: "literal";
  readonly value: CelValue;
}
interface Identifier extends Node {
  readonly kind: "ident";
  readonly name: string;
}
export interface Select extends Node {
  readonly kind: "select";
  readonly operand: Expr;
  readonly field: string;
  /** `has(operand.field)`: whether it is there. */
  readonly test: boolean;
}
export interface Call extends Node {
  readonly kind: "call";
  readonly name: string;
  readonly target?: Expr;
  readonly args: readonly Expr[];
}
export interface ListLiteral extends Node {
  readonly kind: "list";
  readonly elements: readonly Expr[];
  /** Which elements are optionals that may be left out: `[?a]`. */
  readonly optional: ReadonlySet<number>;
}
export interface MapEntry extends Node {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface MapLiteral extends Node {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
}
export interface FieldEntry extends Node {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface StructLiteral extends Node {
  readonly kind: "struct";
  readonly type: string;
  readonly fields: readonly FieldEntry[];
}
/** What macros over lists and maps become: a fold. */
export interface Comprehension extends Node {
  readonly kind: "fold";
  readonly range: Expr;
  readonly variable: string;
  /** With two variables the first is the index or key, the second the element or value. */
  readonly second?: string;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export type Expr = Literal | Identifier | Select | Call | ListLiteral | MapLiteral | StructLiteral | Comprehension;

/** `a.b.c` as one name, or undefined for what is none. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select" || expr.test) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
}

/** `cel.bind`: a fold over nothing. */
export const isBinding = ({ range, condition, accumulator }: Comprehension): boolean =>
  range.kind === "list" &&
  range.elements.length === 0 &&
  condition.kind === "literal" &&
  condition.value === false &&
  accumulator !== "@result";
