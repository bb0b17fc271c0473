/**
 * The rules of a custom kind, held against an object: each where it stands, with what stood there before where the two can be told to be the same. What
 * did not change is not held against a change. All rules of one object share a budget; when it is spent, the rest is not looked at.
 */
import { Budget, CelEvaluationError, CelLimitError, type Program } from "@kubets/cel/cel";
import type { FieldError } from "@kubets/machinery";
import { step } from "@kubets/machinery/stretch";
import { Correlated } from "../structural/correlate.ts";
import { isEmbedded, itemsOf, propertyOf, type Schema, valuesOf } from "../structural/schema.ts";
import { type CompiledRule, compiledRules, hasRules } from "./compiled-rules.ts";
import { failed, ruleText } from "./rule-messages.ts";
import { ruleTimes } from "./rule-times.ts";

/** Errors that leave open what the object is, so that its rules cannot be asked. */
const BLOCKING = new Set(["FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"]);

const NOT_ASKED: FieldError = {
  type: "FieldValueInvalid",
  field: "<nil>",
  value: null,
  detail:
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
};

interface RuleOutcome {
  readonly errors: FieldError[];
  /** What is wrong but was before, told as warnings. */
  readonly ratcheted: FieldError[];
}

/** The errors of rules behind those that were found before, of an object or of a part of one that is called `field`. */
export function ruleErrors(
  schema: Schema,
  object: unknown,
  before: readonly FieldError[],
  old?: unknown,
  field = "",
): RuleOutcome {
  if (!hasRules(schema)) return { errors: [], ratcheted: [] };
  if (before.some(({ type }) => BLOCKING.has(type))) return { errors: [NOT_ASKED], ratcheted: [] };
  const walk = new Walk();
  const isObject = field === "" || isEmbedded(schema);
  const began = performance.now();
  walk.value(schema, object, field, old === undefined ? undefined : new Correlated(old), isObject);
  ruleTimes.evaluated(began);
  return walk;
}

class Walk implements RuleOutcome {
  readonly errors: FieldError[] = [];
  readonly ratcheted: FieldError[] = [];
  readonly #budget = new Budget();
  #isOver = false;

  value(schema: Schema, value: unknown, field: string, old: Correlated | undefined, isObject: boolean): void {
    step(10);
    if (value === null || value === undefined || this.#isOver || !hasRules(schema)) return;
    this.#rules(schema, value, field, old, isObject);
    if (typeof value !== "object" || this.#isOver) return;
    if (Array.isArray(value)) this.#items(schema, value, field, old);
    else this.#members(schema, value as Record<string, unknown>, field, old);
  }

  #items(schema: Schema, list: readonly unknown[], field: string, old: Correlated | undefined): void {
    const items = itemsOf(schema);
    if (!items) return;
    for (const [i, item] of list.entries())
      this.value(items, item, `${field}[${i}]`, old?.item(schema, item), isEmbedded(items));
  }

  #members(schema: Schema, object: Record<string, unknown>, field: string, old: Correlated | undefined): void {
    const before = schema["x-kubernetes-map-type"] === "atomic" ? undefined : old;
    const values = valuesOf(schema);
    for (const name of Object.keys(object)) {
      const property = propertyOf(schema, name);
      if (property)
        this.value(
          property,
          object[name],
          field ? `${field}.${name}` : name,
          before?.member(name),
          isEmbedded(property),
        );
      else if (values) this.value(values, object[name], `${field}[${name}]`, before?.member(name), isEmbedded(values));
    }
  }

  #rules(schema: Schema, value: unknown, field: string, old: Correlated | undefined, isObject: boolean): void {
    for (const rule of compiledRules(schema, isObject)) {
      if (rule.error !== undefined) this.#fail(schema, field, `rule compile error: ${rule.error}`);
      else if (rule.program) this.#rule(schema, rule, rule.program, value, field, old);
      if (this.#isOver) return;
    }
  }

  #rule(
    schema: Schema,
    rule: CompiledRule,
    program: Program,
    value: unknown,
    field: string,
    old: Correlated | undefined,
  ): void {
    if (rule.usesOldSelf && !rule.rule.optionalOldSelf && (old === undefined || old.old === null)) return;
    const activation = { self: value, oldSelf: old?.old };
    let isFine: unknown;
    try {
      isFine = program.evaluate(activation, { budget: this.#budget });
    } catch (error) {
      return this.#broken(schema, rule, field, error);
    }
    if (this.#isSpent(schema, field) || isFine === true) return;
    const found = failed(rule, value, field || "<nil>", this.#message(rule, activation));
    const wasSo = !rule.usesOldSelf && old?.isSame(value);
    (wasSo ? this.ratcheted : this.errors).push(found);
  }

  /** What the rule's own expression says of it; nothing where that cannot be told. */
  #message({ message }: CompiledRule, activation: { self: unknown; oldSelf: unknown }): string | undefined {
    if (!message) return undefined;
    try {
      const text = message.evaluate(activation, { budget: this.#budget });
      return typeof text === "string" ? text : undefined;
    } catch (error) {
      if (error instanceof CelEvaluationError) return undefined;
      throw error;
    }
  }

  #broken(schema: Schema, { rule }: CompiledRule, field: string, error: unknown): void {
    if (!(error instanceof CelEvaluationError)) throw error;
    if (this.#isSpent(schema, field)) return;
    const { message } = error;
    const text = ruleText(rule);
    if (error instanceof CelLimitError) {
      this.#isOver = true;
      const why = "no further validation rules will be run due to call cost exceeds limit for rule";
      this.#fail(schema, field, `'${message}': ${why}: ${text}`);
    } else if (message.startsWith("no such overload")) {
      const why = "call arguments did not match a supported operator, function or macro signature for rule";
      this.#fail(schema, field, `'${message}': ${why}: ${text}`);
    } else this.#fail(schema, field, `${message} evaluating rule: ${text}`);
  }

  #isSpent(schema: Schema, field: string): boolean {
    if (!this.#budget.exceeded) return false;
    this.#isOver = true;
    const why = "validation failed due to running out of cost budget, no further validation rules will be run";
    this.#fail(schema, field, why);
    return true;
  }

  #fail(schema: Schema, field: string, detail: string): void {
    this.errors.push({ type: "FieldValueInvalid", field: field || "<nil>", value: schema.type ?? "", detail });
  }
}
