/** The rules of a schema (`x-kubernetes-validations`), compiled when they are first needed and held as long as the schema is. */
import { type CelType, celTypes, formatIssues, kubernetesEnvironment, type Program } from "@kubets/cel/cel";
import type { ValidationRule } from "../generated/types/apiextensions-v1.ts";
import type { Schema } from "../structural/schema.ts";
import { ruleTimes } from "./rule-times.ts";
import { ruleType } from "./rule-types.ts";

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: Program;
  /** What is wrong with the rule. */
  readonly error?: string;
  readonly message?: Program;
  readonly messageError?: string;
  readonly usesOldSelf: boolean;
}

const compiled = new WeakMap<Schema, readonly CompiledRule[]>();

/** At the root of an object, its kind and name can be asked for. */
export function compiledRules(schema: Schema, isObject: boolean): readonly CompiledRule[] {
  let rules = compiled.get(schema);
  if (!rules) {
    const began = performance.now();
    const self = ruleType(schema, isObject, "selfType")?.type;
    rules = (schema["x-kubernetes-validations"] ?? []).map((rule) => compileRule(rule, self));
    compiled.set(schema, rules);
    if (rules.length) ruleTimes.compiled(began);
  }
  return rules;
}

function compileRule(rule: ValidationRule, self: CelType | undefined): CompiledRule {
  const source = rule.rule ?? "";
  if (source.trim() === "") return { rule, usesOldSelf: false };
  if (!self) return { rule, usesOldSelf: false, error: "the schema has no type that expressions could see" };
  const oldSelf = rule.optionalOldSelf ? celTypes.optional(self) : self;
  const environment = kubernetesEnvironment.extend({ variables: { self, oldSelf } });
  const result = environment.compile(source);
  if (!result.ok) return { rule, usesOldSelf: false, error: `compilation failed: ${formatIssues(result.errors)}` };
  const { program } = result;
  if (program.type.kind !== "bool")
    return { rule, usesOldSelf: false, error: "cel expression must evaluate to a bool" };
  const usesOldSelf = program.uses("oldSelf");
  if (!rule.messageExpression?.trim()) return { rule, program, usesOldSelf };
  const message = environment.compile(rule.messageExpression);
  if (!message.ok) {
    const messageError = `messageExpression compilation failed: ${formatIssues(message.errors)}`;
    return { rule, program, usesOldSelf, messageError };
  }
  if (message.program.type.kind !== "string")
    return { rule, program, usesOldSelf, messageError: "messageExpression must evaluate to a string" };
  return { rule, program, usesOldSelf, message: message.program };
}

/** Most parts of most schemas have no rules in them, and are not walked. */
const known = new WeakMap<Schema, boolean>();

export function hasRules(schema: Schema): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    const inside = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
    has =
      (schema["x-kubernetes-validations"]?.length ?? 0) > 0 ||
      inside.some(
        (inner) => typeof inner === "object" && inner !== null && !Array.isArray(inner) && hasRules(inner as Schema),
      );
    known.set(schema, has);
  }
  return has;
}
