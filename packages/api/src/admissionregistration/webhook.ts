/** What validating and mutating webhooks share: their defaults and checks. */
import {
  dns1035Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import { checkForm, checkOneOf } from "../field-checks.ts";
import type { MutatingWebhook, ValidatingWebhook } from "../generated/types/admissionregistration-v1.ts";
import type { Draft } from "../meta.ts";
import { clientConfigErrors } from "../webhook-client.ts";
import { matchConditionsErrors } from "./match-conditions.ts";
import { defaultRules, FAILURE_POLICIES, MATCH_POLICIES, ruleErrors } from "./rules.ts";

type Webhook = ValidatingWebhook | MutatingWebhook;

const REVIEW_VERSIONS = ["v1", "v1beta1"];
const SIDE_EFFECTS = ["None", "NoneOnDryRun"];
const REINVOCATION_POLICIES = ["IfNeeded", "Never"];
const MAX_TIMEOUT = 30;

export function defaultWebhooks(webhooks: readonly Draft<Webhook>[] | undefined): void {
  for (const webhook of webhooks ?? []) {
    webhook.failurePolicy ??= "Fail";
    webhook.matchPolicy ??= "Equivalent";
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
    defaultRules(webhook.rules);
  }
}

export function webhooksErrors(webhooks: readonly Webhook[] | undefined): FieldError[] {
  const names = new Set<string>();
  return (webhooks ?? []).flatMap((webhook, i) => {
    const field = `webhooks[${i}]`;
    const twice = webhook.name && names.has(webhook.name) ? [duplicate(`${field}.name`, webhook.name)] : [];
    names.add(webhook.name);
    return [
      ...webhookErrors(webhook, field),
      ...versionsErrors(webhook.admissionReviewVersions ?? [], `${field}.admissionReviewVersions`),
      ...twice,
    ];
  });
}

function webhookErrors(webhook: Webhook, field: string): FieldError[] {
  const { failurePolicy, matchPolicy, sideEffects, timeoutSeconds: timeout } = webhook;
  const errors = [
    ...fullNameErrors(webhook.name, `${field}.name`),
    ...(webhook.rules ?? []).flatMap((rule, i) => ruleErrors(rule, `${field}.rules[${i}]`)),
    ...(failurePolicy == null ? [] : checkOneOf(`${field}.failurePolicy`, failurePolicy, FAILURE_POLICIES)),
    ...(matchPolicy == null ? [] : checkOneOf(`${field}.matchPolicy`, matchPolicy, MATCH_POLICIES)),
  ];
  if (sideEffects == null)
    errors.push(required(`${field}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(", ")}`));
  else if (!SIDE_EFFECTS.includes(sideEffects))
    errors.push(notSupported(`${field}.sideEffects`, sideEffects, SIDE_EFFECTS));
  if (timeout != null && (timeout > MAX_TIMEOUT || timeout < 1)) {
    const detail = `the timeout value must be between 1 and ${MAX_TIMEOUT} seconds`;
    errors.push(invalidValue(`${field}.timeoutSeconds`, timeout, detail));
  }
  errors.push(...validateLabelSelector(webhook.namespaceSelector, `${field}.namespaceSelector`));
  errors.push(...validateLabelSelector(webhook.objectSelector, `${field}.objectSelector`));
  if ("reinvocationPolicy" in webhook && webhook.reinvocationPolicy != null)
    errors.push(...checkOneOf(`${field}.reinvocationPolicy`, webhook.reinvocationPolicy, REINVOCATION_POLICIES));
  errors.push(...clientConfigErrors(webhook.clientConfig ?? {}, `${field}.clientConfig`));
  return [...errors, ...matchConditionsErrors(webhook.matchConditions, `${field}.matchConditions`)];
}

/** A name of one's own domain. */
function fullNameErrors(name: string, field: string): FieldError[] {
  if (!name) return [required(field)];
  const texts = dns1123Subdomain(name);
  if (texts.length) return [invalidValue(field, name, texts.join(","))];
  return name.split(".").length < 3
    ? [invalidValue(field, name, "should be a domain with at least three segments separated by dots")]
    : [];
}

function versionsErrors(versions: readonly string[], field: string): FieldError[] {
  if (!versions.length) return [required(field, `must specify one of ${REVIEW_VERSIONS.join(", ")}`)];
  const errors = versions.flatMap((version, i) =>
    versions.indexOf(version) < i
      ? [invalidValue(`${field}[${i}]`, version, "duplicate version")]
      : checkForm(`${field}[${i}]`, version, dns1035Label),
  );
  return versions.some((version) => REVIEW_VERSIONS.includes(version))
    ? errors
    : [...errors, invalidValue(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`)];
}
