/** What happens to custom objects on the way of a write: the status is kept apart where the definition says so, and the schema is held against them. */
import { type FieldError, fieldErrorText } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { keepPart } from "../define.ts";
import type { CustomResourceSubresourceScale } from "../generated/types/apiextensions-v1.ts";
import type { Draft, KubeObject } from "../meta.ts";
import { isQualifiedFinalizer } from "../metadata-checks.ts";
import type { Strategy, Subresource } from "../resource.ts";
import { ruleErrors } from "../rules/rule-errors.ts";
import { ruleTimes } from "../rules/rule-times.ts";
import { propertyOf, type Schema } from "../structural/schema.ts";
import { duplicateErrors } from "../structural/unique-items.ts";
import { validateBySchema } from "../structural/validate.ts";
import { embeddedErrors } from "./embedded.ts";
import { scaleErrors } from "./scale.ts";

type Scale = CustomResourceSubresourceScale | undefined;
type Custom = KubeObject & { readonly status?: unknown };

/** All that objects of a kind are judged by, as data. */
export interface CustomRules {
  readonly schema: Schema;
  readonly hasStatus: boolean;
  readonly scale: Scale;
}

export function customStrategy(schema: () => Schema, { hasStatus, scale }: Omit<CustomRules, "schema">): Strategy {
  return {
    countsGeneration: hasStatus || "withStatus",
    resetFields: hasStatus ? [["status"]] : [],
    ...(hasStatus && {
      prepareForCreate: (object: Draft<KubeObject>) => {
        delete (object as { status?: unknown }).status;
      },
      prepareForUpdate: (object: Draft<KubeObject>, old: KubeObject) => keepPart(object, old, "status"),
    }),
    warnings: (object, old) => [...finalizerWarnings(object, old), ...ratchetedWarnings(object)],
    validate: (object) =>
      withRules(schema(), object, [
        ...validateBySchema(schema(), object),
        ...scaleErrors(object, scale, "all"),
        ...partErrors(schema(), object),
      ]),
    validateUpdate: (object, old) => {
      ruleTimes.beginChange();
      const errors = [
        ...validateBySchema(schema(), object, { old }),
        ...scaleErrors(object, scale, "all"),
        ...partErrors(schema(), object, old),
      ];
      return withRules(schema(), object, errors, old);
    },
  };
}

function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const fresh = (metadata.finalizers ?? []).filter((finalizer) => !old?.metadata.finalizers?.includes(finalizer));
  return fresh
    .filter((finalizer) => !isQualifiedFinalizer(finalizer))
    .map(
      (finalizer) =>
        `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`,
    );
}

/** What was found before, and what the rules find. */
function withRules(schema: Schema, object: KubeObject, errors: FieldError[], old?: KubeObject): FieldError[] {
  const { errors: found, ratcheted } = ruleErrors(schema, object, errors, old);
  if (old) ruleTimes.endChange();
  noteRatcheted(object, ratcheted.map(fieldErrorText));
  return found.length ? [...errors, ...found] : errors;
}

/** Rules that do not hold, and did not before for the same value: they do not stand in the way of a change, but are told. */
const ratchetedRules = new WeakMap<KubeObject, readonly string[]>();

export const ratchetedWarnings = (object: KubeObject): readonly string[] => ratchetedRules.get(object) ?? [];

/** Notes what was found of an object, here or in another thread. */
export function noteRatcheted(object: KubeObject, warnings: readonly string[]): void {
  if (warnings.length) ratchetedRules.set(object, warnings);
}

/** Embedded objects, and items that stand twice where they did not before. */
function partErrors(schema: Schema, object: KubeObject, old?: KubeObject): FieldError[] {
  const wasRight = old === undefined || duplicateErrors(schema, old).length === 0;
  return [...embeddedErrors(schema, object), ...(wasRight ? duplicateErrors(schema, object) : [])];
}

/** Writes through the status change the status alone, and only that is held against them. */
export function statusStrategy(schema: () => Schema, scale: Scale): Subresource {
  return {
    type: "status",
    part: ["status"],
    resetFields: [["metadata"], ["spec"]],
    prepareForUpdate(object, old) {
      const { status } = object as Custom;
      const { managedFields, resourceVersion } = object.metadata;
      for (const key of Object.keys(object)) delete (object as unknown as Record<string, unknown>)[key];
      Object.assign(object, clone(old), { metadata: { ...clone(old.metadata), resourceVersion } });
      if (managedFields === undefined) delete object.metadata.managedFields;
      else object.metadata.managedFields = managedFields;
      if (status === undefined) delete (object as { status?: unknown }).status;
      else (object as { status?: unknown }).status = status;
    },
    validateUpdate: (object: Custom, old: Custom) => {
      ruleTimes.beginChange();
      const status = propertyOf(schema(), "status");
      const changed = status && object.status !== undefined;
      const errors = [
        ...(changed ? validateBySchema(status, object.status, { field: "status", old: old.status }) : []),
        ...scaleErrors(object, scale, "status"),
        ...partErrors(schema(), object, old),
      ];
      return withRules(schema(), object, errors, old);
    },
  };
}
