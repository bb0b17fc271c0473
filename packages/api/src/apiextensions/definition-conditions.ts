/** The conditions of a definition: what holds of it, since when. A condition that says nothing new stays as it is. */
import { fieldErrorText } from "@kubets/machinery";
import type {
  CustomResourceDefinitionCondition as Condition,
  CustomResourceDefinition,
} from "../generated/types/apiextensions-v1.ts";
import type { Draft } from "../meta.ts";
import { approvalCondition } from "./approval.ts";
import { structuralErrors } from "./structural-schema.ts";

type Said = Pick<Condition, "type" | "status" | "reason" | "message">;

export const conditionOf = (definition: CustomResourceDefinition, type: string): Condition | undefined =>
  definition.status.conditions?.find((condition) => condition.type === type);

export const isTrue = (definition: CustomResourceDefinition, type: string): boolean =>
  conditionOf(definition, type)?.status === "True";

/**
 * The list with a condition in the place of the one of its type; its time changes with its status only. The generation that somebody says
 * it is of stays: the server itself says none.
 */
export function withCondition(
  conditions: readonly Condition[] | null | undefined,
  said: Said,
  now: string,
): Draft<Condition>[] {
  const before = (conditions ?? []) as readonly Draft<Condition>[];
  const old = before.find(({ type }) => type === said.type);
  const lastTransitionTime = old && old.status === said.status ? (old.lastTransitionTime ?? now) : now;
  const next: Draft<Condition> = { ...old, ...said, lastTransitionTime };
  return old ? before.map((condition) => (condition === old ? next : condition)) : [...before, next];
}

export const NAMES_TAKEN_IN: Said = {
  type: "Established",
  status: "False",
  reason: "Installing",
  message: "the initial names have been accepted",
};
export const NAMES_REFUSED: Said = {
  type: "Established",
  status: "False",
  reason: "NotAccepted",
  message: "not all names are accepted",
};
export const ESTABLISHED: Said = {
  type: "Established",
  status: "True",
  reason: "InitialNamesAccepted",
  message: "the initial names have been accepted",
};

/** Conditions that follow from the definition alone; nothing for those that do not concern it. */
export function ownConditions(definition: CustomResourceDefinition): { said: Said[]; without: string[] } {
  const found = [
    { type: "NonStructuralSchema", said: structuralCondition(definition) },
    { type: "KubernetesAPIApprovalPolicyConformant", said: approvalCondition(definition) },
  ];
  return {
    said: found.flatMap(({ said }) => (said ? [said] : [])),
    without: found.filter(({ said }) => !said).map(({ type }) => type),
  };
}

/** Definitions that were stored by an old server may break the rules of today. */
function structuralCondition({ spec }: CustomResourceDefinition): Said | undefined {
  const texts = spec.versions.flatMap(({ schema }, i) =>
    schema?.openAPIV3Schema
      ? structuralErrors(schema.openAPIV3Schema, `spec.versions[${i}].schema.openAPIV3Schema`).map(fieldErrorText)
      : [],
  );
  if (spec.preserveUnknownFields) texts.unshift("spec.preserveUnknownFields: Invalid value: true: must be false");
  if (texts.length === 0) return undefined;
  const message = texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
  return { type: "NonStructuralSchema", status: "True", reason: "Violations", message };
}
