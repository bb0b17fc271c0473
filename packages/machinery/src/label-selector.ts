/**
 * Label selectors in both their forms: the text of `?labelSelector=` (`app in (a,b),!old`) and the object of specs.
 * Holds: a selector is immutable; requirements stand in order of their keys; `matches` never looks at a prototype.
 */
import { type FieldError, forbiddenField, invalidValue, required } from "./field-error.ts";
import {
  compareText,
  type Labels,
  newRequirement,
  type Requirement,
  requirementMatches,
  requirementText,
  SelectorError,
  type SelectorOperator,
} from "./label-requirement.ts";
import { parseRequirements } from "./label-selector-parser.ts";
import { labelKey, labelValue } from "./names.ts";

export {
  type Labels,
  newRequirement,
  type Requirement,
  SelectorError,
  type SelectorOperator,
} from "./label-requirement.ts";

/** `metav1.LabelSelector`. */
export interface LabelSelectorObject {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export class LabelSelector {
  readonly requirements: readonly Requirement[];
  /** False for the selector that matches nothing at all. */
  readonly selectable: boolean;

  constructor(requirements: readonly Requirement[], selectable = true) {
    this.requirements = [...requirements].sort((a, b) => compareText(a.key, b.key));
    this.selectable = selectable;
  }

  matches(labels: Labels | null | undefined): boolean {
    if (!this.selectable) return false;
    for (const requirement of this.requirements) {
      if (!requirementMatches(requirement, labels ?? NO_LABELS)) return false;
    }
    return true;
  }

  /** Whether every object matches. */
  isEmpty(): boolean {
    return this.selectable && this.requirements.length === 0;
  }

  /** The one value that this label must have, where the first requirement of it says so. */
  exactValue(key: string): string | undefined {
    const found = this.requirements.find((requirement) => requirement.key === key);
    if (!found || found.values.length !== 1) return undefined;
    return found.operator === "=" || found.operator === "==" || found.operator === "in" ? found.values[0] : undefined;
  }

  with(...more: Requirement[]): LabelSelector {
    return new LabelSelector([...this.requirements, ...more], this.selectable);
  }

  toString(): string {
    return this.requirements.map(requirementText).join(",");
  }
}

const NO_LABELS: Labels = {};

export const everything: LabelSelector = new LabelSelector([]);
export const nothing: LabelSelector = new LabelSelector([], false);

/** Reads the text form; throws a SelectorError with the original's text. */
export function parseLabelSelector(text: string): LabelSelector {
  return text === "" ? everything : new LabelSelector(parseRequirements(text));
}

/** Reads the object form: none selects nothing, an empty one everything. Throws a SelectorError if it is invalid. */
export function labelSelectorOf(selector: LabelSelectorObject | null | undefined): LabelSelector {
  if (selector == null) return nothing;
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => newRequirement(key, "=", [value]));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) =>
    newRequirement(key, operatorOf(operator), values ?? []),
  );
  return equal.length + expressions.length === 0 ? everything : new LabelSelector([...equal, ...expressions]);
}

/** Selects what carries all of these labels; unchecked. */
export const selectorFromSet = (labels: Labels | null | undefined): LabelSelector =>
  new LabelSelector(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=", values: [value] })));

/** The object form as kubectl's tables show it. */
export function formatLabelSelector(selector: LabelSelectorObject | null | undefined): string {
  try {
    return labelSelectorOf(selector).toString() || "<none>";
  } catch (error) {
    if (error instanceof SelectorError) return "<error>";
    throw error;
  }
}

const OPERATORS: Readonly<Record<string, SelectorOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

function operatorOf(name: string): SelectorOperator {
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (!operator) throw new SelectorError(`${JSON.stringify(name)} is not a valid label selector operator`);
  return operator;
}

/** What is wrong with a selector of a spec. */
export function validateLabelSelector(selector: LabelSelectorObject | null | undefined, field: string): FieldError[] {
  if (selector == null) return [];
  const errors = validateLabels(selector.matchLabels, `${field}.matchLabels`);
  for (const [i, expression] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateExpression(expression, `${field}.matchExpressions[${i}]`));
  }
  return errors;
}

function validateExpression(expression: LabelSelectorRequirement, field: string): FieldError[] {
  const { key, operator, values = [] } = expression;
  const errors: FieldError[] = [];
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) {
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length > 0) errors.push(forbiddenField(`${field}.values`, detail));
  } else {
    errors.push(invalidValue(`${field}.operator`, operator, "not a valid selector operator"));
  }
  errors.push(...labelKey(key).map((text) => invalidValue(`${field}.key`, key, text)));
  for (const [i, value] of values.entries()) {
    errors.push(...labelValue(value).map((text) => invalidValue(`${field}.values[${i}]`, value, text)));
  }
  return errors;
}

/** What is wrong with a set of labels; the errors name the whole set, as the original's do. */
export function validateLabels(labels: Labels | null | undefined, field: string): FieldError[] {
  return Object.entries(labels ?? {})
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([key, value]) => [
      ...labelKey(key).map((text) => invalidValue(field, key, text)),
      ...labelValue(value).map((text) => invalidValue(field, value, text)),
    ]);
}
