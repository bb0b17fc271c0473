/** What the rules of one schema may cost together, found out before any object is looked at. */
import { ENDLESS } from "@kubets/cel/cel";
import { type FieldError, forbiddenField } from "@kubets/machinery";

/** Of one expression, for all the places in one object where it is asked. */
const EXPRESSION_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;
/** Expressions that cost less than this part of the limit are not told of. */
const WORTH_TELLING = SCHEMA_LIMIT / 100;
const MOST_TOLD = 4;
/** Beyond this the size of the number says nothing. */
const MUCH = 100;
/** A factor that would round to one is told exactly. */
const LITTLE = 1.5;

export class RuleCosts {
  #total = 0;
  readonly #expensive: { readonly field: string; readonly cost: number }[] = [];

  /** Counts an expression; the error when it alone costs too much. */
  add(field: string, what: "rule" | "messageExpression", cost: number): FieldError[] {
    this.#total = Math.min(this.#total + cost, ENDLESS);
    if (cost >= WORTH_TELLING) this.#expensive.push({ field, cost });
    return cost > EXPRESSION_LIMIT
      ? [forbiddenField(field, tooMuch(`estimated ${what} cost`, cost, EXPRESSION_LIMIT))]
      : [];
  }

  /** The errors of all together. */
  errors(field: string): FieldError[] {
    if (this.#total <= SCHEMA_LIMIT) return [];
    const share = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...this.#expensive
        .toSorted((a, b) => b.cost - a.cost)
        .slice(0, MOST_TOLD)
        .map((one) => forbiddenField(one.field, share)),
      forbiddenField(field, tooMuch(what, this.#total, SCHEMA_LIMIT)),
    ];
  }
}

function tooMuch(what: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > MUCH ? "more than 100x" : `${times.toFixed(times < LITTLE ? 6 : 1)}x`;
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
