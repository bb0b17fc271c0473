/** What validating and mutating policies share: parameters and variables. */
import {
  dns1035Label,
  dns1123Subdomain,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  pathSegmentName,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import { checkForm, checkOneOf } from "../field-checks.ts";
import type { ParamKind, ParamRef, Variable } from "../generated/types/admissionregistration-v1.ts";
import type { ExpressionScope } from "./expressions/environment.ts";
import { compileVariables } from "./expressions/variables.ts";
import { FAILURE_POLICIES } from "./rules.ts";

export const NO_EXPRESSION = "expression is not specified";

export const failurePolicyErrors = (policy: string | undefined, field: string): FieldError[] =>
  policy == null ? [required(field)] : checkOneOf(field, policy, FAILURE_POLICIES);

export function paramKindErrors({ apiVersion, kind }: ParamKind, field: string): FieldError[] {
  return [...versionErrors(apiVersion, `${field}.apiVersion`), ...kindErrors(kind, `${field}.kind`)];
}

function versionErrors(apiVersion: string | undefined, field: string): FieldError[] {
  if (!apiVersion) return [required(field)];
  const parts = apiVersion.split("/");
  if (parts.length > 2) return [invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [version = "", group = ""] = parts.toReversed();
  const errors: FieldError[] = [];
  const groupTexts = group === "" ? [] : dns1123Subdomain(group);
  if (groupTexts.length) errors.push(invalidValue(field, group, groupTexts.join(",")));
  if (version === "") return [...errors, invalidValue(field, version, "version must be specified")];
  const texts = dns1035Label(version);
  return texts.length ? [...errors, invalidValue(field, version, texts.join(","))] : errors;
}

function kindErrors(kind: string | undefined, field: string): FieldError[] {
  if (!kind) return [required(field)];
  const texts = dns1035Label(kind.toLowerCase());
  return texts.length
    ? [invalidValue(field, kind, `may have mixed case, but should otherwise match: ${texts.join(",")}`)]
    : [];
}

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
/** Words that mean something else in an expression. */
const RESERVED = new Set(
  "as break const continue else false for function if import in let loop namespace null package return true var void while".split(
    " ",
  ),
);

export function variablesErrors(
  variables: readonly Variable[] | undefined,
  scope: ExpressionScope,
  field: string,
): FieldError[] {
  const compiled = compileVariables(variables, scope).variables;
  return (variables ?? []).flatMap((variable, i) => {
    const at = `${field}[${i}]`;
    const error = variable.expression?.trim() ? compiled[i]?.compiled.error : undefined;
    const wrong = error === undefined ? [] : [invalidValue(`${at}.expression`, variable.expression, error)];
    return [...variableErrors(variable, at), ...wrong];
  });
}

function variableErrors({ name, expression }: Variable, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`, "name is not specified"));
  else if (!IDENTIFIER.test(name) || RESERVED.has(name))
    errors.push(invalidValue(`${field}.name`, name, "must be a valid CEL identifier"));
  if (!expression?.trim()) errors.push(required(`${field}.expression`, NO_EXPRESSION));
  return errors;
}

export const policyNameErrors = (name: string | undefined, field: string): FieldError[] =>
  name ? checkForm(field, name, dns1123Subdomain) : [required(field)];

export function paramRefErrors(ref: ParamRef | undefined, field: string): FieldError[] {
  if (!ref) return [];
  const { name, selector, parameterNotFoundAction: action } = ref;
  const errors = name ? checkForm(`${field}.name`, name, pathSegmentName) : [];
  if (name && selector) {
    const detail = "name and selector are mutually exclusive";
    errors.push(forbiddenField(`${field}.name`, detail), forbiddenField(`${field}.selector`, detail));
  }
  errors.push(...validateLabelSelector(selector, `${field}.selector`));
  if (!name && !selector) errors.push(required(field, "one of name or selector must be specified"));
  const at = `${field}.parameterNotFoundAction`;
  if (!action) errors.push(required(at));
  else if (action !== "Allow" && action !== "Deny") errors.push(notSupported(at, action, ["Deny", "Allow"]));
  return errors;
}

/** The kind of the parameters, as tables show it. */
export const paramKindText = (kind: ParamKind | undefined): string =>
  kind ? `${kind.apiVersion}/${kind.kind}` : "<unset>";

export function paramRefText(ref: ParamRef | undefined): string {
  if (!ref) return "<unset>";
  return ref.name ? `${ref.namespace || "*"}/${ref.name}` : "*";
}
