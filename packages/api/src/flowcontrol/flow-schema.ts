/** FlowSchemas: which requests go to which priority level, and what makes one flow of them. */
import { dns1123Subdomain, duplicate, type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import { flowSchemas as madeAtStart } from "../bootstrap/flow-control.ts";
import { define } from "../define.ts";
import { checkForm, sameValue } from "../field-checks.ts";
import { flowschemas } from "../generated/refs.ts";
import type { FlowSchema, FlowSchemaSpec, FlowSchemaStatus } from "../generated/types/flowcontrol-v1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { internalForm } from "../pod/internal-form.ts";
import { age, column, nameColumn } from "../table.ts";
import { policyErrors } from "./policy-rules.ts";

const DEFAULT_PRECEDENCE = 1000;
const MAX_PRECEDENCE = 10_000;
/** These two stand for all requests that nothing else sorts; they stay as they are. */
const MANDATORY = ["exempt", "catch-all"];

export const flowSchemaResource = define(flowschemas, {
  countsGeneration: true,
  ...ownStatus,
  defaults: ({ spec }) => {
    spec.matchingPrecedence ||= DEFAULT_PRECEDENCE;
  },
  validate,
  validateUpdate: validate,
  subresources: { status: statusSubresource(({ status }) => conditionTypeErrors(status)) },
  table: {
    columns: [
      nameColumn,
      column("PriorityLevel"),
      column("MatchingPrecedence"),
      column("DistinguisherMethod"),
      column("Age"),
      column("MissingPL"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.priorityLevelConfiguration.name,
      spec.matchingPrecedence,
      spec.distinguisherMethod?.type ?? "<none>",
      age(metadata.creationTimestamp, now),
      status.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
    ],
  },
});

function validate({ metadata, spec, status }: FlowSchema): FieldError[] {
  const errors = specErrors(metadata.name, spec);
  const mandatory = MANDATORY.includes(metadata.name)
    ? madeAtStart.find((schema) => schema.metadata?.name === metadata.name)
    : undefined;
  if (mandatory && !sameValue(spec, mandatory.spec))
    errors.push(
      invalidValue(
        "spec",
        internalForm("api.flowcontrol.v1.FlowSchemaSpec", spec),
        `spec of '${metadata.name}' must equal the fixed value`,
      ),
    );
  return [...errors, ...conditionTypeErrors(status)];
}

function specErrors(name: string, spec: FlowSchemaSpec): FieldError[] {
  const { matchingPrecedence: precedence, distinguisherMethod: method, priorityLevelConfiguration: level } = spec;
  const errors: FieldError[] = [];
  const wrong = (detail: string) => errors.push(invalidValue("spec.matchingPrecedence", precedence, detail));
  if (precedence <= 0) wrong("must be a positive value");
  if (precedence > MAX_PRECEDENCE) wrong(`must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && name !== "exempt") wrong("only the schema named 'exempt' may have matchingPrecedence 1");
  if (method && method.type !== "ByNamespace" && method.type !== "ByUser")
    errors.push(notSupported("spec.distinguisherMethod.type", { Type: method.type }, ["ByNamespace", "ByUser"]));

  const field = "spec.priorityLevelConfiguration.name";
  if (!level?.name) errors.push(required(field, "must reference a priority level"));
  else errors.push(...checkForm(field, level.name, dns1123Subdomain));
  return [...errors, ...(spec.rules ?? []).flatMap((rule, i) => policyErrors(rule, `spec.rules[${i}]`))];
}

interface Conditions {
  readonly conditions?: readonly { readonly type?: string }[];
}

export function conditionTypeErrors({ conditions = [] }: FlowSchemaStatus & Conditions): FieldError[] {
  const types = new Set<string>();
  return conditions.flatMap(({ type = "" }, i) => {
    const field = `status.conditions[${i}].type`;
    const twice = types.has(type) ? [duplicate(field, type)] : [];
    types.add(type);
    return type === "" ? [...twice, required(field, "must not be empty")] : twice;
  });
}
