/** The checks of how objects of a custom kind get from one version to another. */
import { dns1035Label, type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { checkOneOf } from "../field-checks.ts";
import type { CustomResourceConversion } from "../generated/types/apiextensions-v1.ts";
import { clientConfigErrors } from "../webhook-client.ts";

const FIELD = "spec.conversion";
const CLIENT = `${FIELD}.webhookClientConfig`;
const VERSIONS = `${FIELD}.conversionReviewVersions`;
const REVIEW_VERSIONS = ["v1", "v1beta1"];
const NOT_A_WEBHOOK = "should not be set when strategy is not set to Webhook";

export function conversionErrors({ strategy, webhook }: CustomResourceConversion): FieldError[] {
  const { clientConfig, conversionReviewVersions: versions = [] } = webhook ?? {};
  const errors = strategy
    ? checkOneOf(`${FIELD}.strategy`, strategy, ["None", "Webhook"])
    : [required(`${FIELD}.strategy`)];
  if (strategy !== "Webhook") {
    if (clientConfig) errors.push(forbiddenField(CLIENT, NOT_A_WEBHOOK));
    if (versions.length) errors.push(forbiddenField(VERSIONS, NOT_A_WEBHOOK));
    return errors;
  }
  if (clientConfig) errors.push(...clientConfigErrors(clientConfig, CLIENT));
  else errors.push(required(CLIENT, "required when strategy is set to Webhook"));
  return [...errors, ...reviewVersionErrors(versions)];
}

function reviewVersionErrors(versions: readonly string[]): FieldError[] {
  if (!versions.length) return [required(VERSIONS)];
  const errors: FieldError[] = [];
  for (const [i, version] of versions.entries()) {
    const at = `${VERSIONS}[${i}]`;
    const texts = dns1035Label(version);
    if (versions.indexOf(version) < i) errors.push(invalidValue(at, version, "duplicate version"));
    else if (texts.length) errors.push(invalidValue(at, version, texts.join(",")));
  }
  return versions.some((version) => REVIEW_VERSIONS.includes(version))
    ? errors
    : [...errors, invalidValue(VERSIONS, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`)];
}
