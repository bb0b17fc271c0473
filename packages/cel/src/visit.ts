/** Goes through all nodes of a tree, parents first. */
import type { Expr } from "./ast.ts";

export function visit(expr: Expr, see: (expr: Expr) => void): void {
  see(expr);
  for (const part of partsOf(expr)) visit(part, see);
}

export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "select":
      return [expr.operand];
    case "call":
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case "list":
      return expr.elements;
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return expr.fields.map(({ value }) => value);
    case "fold":
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
}
