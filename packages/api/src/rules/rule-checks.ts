/**
 * The checks of a schema's rules when a kind is defined: each compiles, costs no more than it may, and compares with what was before only where the two
 * can be told to be the same.
 */
import { ENDLESS } from "@kubets/cel/cel";
import { type FieldError, invalidValue } from "@kubets/machinery";
import type { ValidationRule } from "../generated/types/apiextensions-v1.ts";
import { isEmbedded, itemsOf, type Schema, valuesOf } from "../structural/schema.ts";
import { type CompiledRule, compiledRules, hasRules } from "./compiled-rules.ts";
import { RuleCosts } from "./rule-costs.ts";
import { mostInRequest, ruleType } from "./rule-types.ts";

/** Where in an object a part of a schema applies. */
interface Place {
  readonly field: string;
  /** How often at most; undefined where the schema does not say. */
  readonly times: number | undefined;
  /** The list or map within which old values cannot be found. */
  readonly uncorrelated: string | undefined;
  readonly isObject: boolean;
}

export function ruleCheckErrors(schema: Schema, field: string): FieldError[] {
  const costs = new RuleCosts();
  const errors = inSchema(schema, { field, times: 1, uncorrelated: undefined, isObject: true }, costs);
  return [...errors, ...costs.errors(field)];
}

function inSchema(schema: Schema, place: Place, costs: RuleCosts): FieldError[] {
  if (!hasRules(schema)) return [];
  const { field, times } = place;
  const own = compiledRules(schema, place.isObject).flatMap((rule, i) =>
    ofRule(schema, rule, place, `${field}.x-kubernetes-validations[${i}]`, costs),
  );
  const isAtomic = schema["x-kubernetes-map-type"] === "atomic";
  const within = isAtomic ? (place.uncorrelated ?? field) : place.uncorrelated;
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    inSchema(
      property,
      { field: `${field}.properties[${name}]`, times, uncorrelated: within, isObject: isEmbedded(property) },
      costs,
    ),
  );
  const values = valuesOf(schema);
  const items = itemsOf(schema);
  const inValues = values
    ? inSchema(
        values,
        {
          field: `${field}.additionalProperties`,
          times: product(times, schema.maxProperties),
          uncorrelated: within,
          isObject: isEmbedded(values),
        },
        costs,
      )
    : [];
  const byKeys = schema["x-kubernetes-list-type"] === "map";
  const inItems = items
    ? inSchema(
        items,
        {
          field: `${field}.items`,
          times: product(times, schema.maxItems),
          uncorrelated: byKeys ? place.uncorrelated : (place.uncorrelated ?? field),
          isObject: isEmbedded(items),
        },
        costs,
      )
    : [];
  return [...properties, ...inValues, ...inItems, ...own];
}

const product = (times: number | undefined, more: number | undefined): number | undefined =>
  times === undefined || more === undefined ? undefined : Math.min(times * more, ENDLESS);

function ofRule(schema: Schema, compiled: CompiledRule, place: Place, field: string, costs: RuleCosts): FieldError[] {
  const { rule, program, error, message, messageError, usesOldSelf } = compiled;
  const times = place.times ?? mostInRequest(ruleType(schema, place.isObject)?.minSize ?? 0);
  const costOf = (each: number) => Math.min(each * times, ENDLESS);
  const errors: FieldError[] = [];
  if (program) errors.push(...costs.add(`${field}.rule`, "rule", costOf(program.estimateCost().max)));
  if (error !== undefined) errors.push(invalidValue(`${field}.rule`, shownRule(rule), error));
  if (messageError !== undefined)
    errors.push(invalidValue(`${field}.messageExpression`, shownRule(rule), messageError));
  else if (message)
    errors.push(...costs.add(`${field}.messageExpression`, "messageExpression", costOf(message.estimateCost().max)));
  if (usesOldSelf && place.uncorrelated !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`;
    errors.push(invalidValue(`${field}.rule`, rule.rule, detail));
  } else if (!usesOldSelf && rule.optionalOldSelf != null) {
    const detail = "may not be set if oldSelf is not used in rule";
    errors.push(invalidValue(`${field}.optionalOldSelf`, rule.optionalOldSelf, detail));
  }
  return errors;
}

/** A rule as the original's messages show it. */
const shownRule = ({
  rule,
  message = "",
  messageExpression = "",
  reason,
  fieldPath = "",
  optionalOldSelf,
}: ValidationRule) => ({
  Rule: rule,
  Message: message,
  MessageExpression: messageExpression,
  Reason: reason ?? null,
  FieldPath: fieldPath,
  OptionalOldSelf: optionalOldSelf ?? null,
});
