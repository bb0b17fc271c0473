/** Fills in what absent fields stand for by the declaration of their type, in place: the part of defaulting that the schema knows. */
import { clone } from "@kubets/machinery/clone";
import { each } from "@kubets/machinery/turns";
import { absentList, type PlainObject } from "../meta.ts";
import type { Field, Struct, TypeRef } from "../schema.ts";
import { fillSchemaDefaults } from "../structural/defaults.ts";

/** Fills the defaults of an object and of everything in it. Runs again without harm. */
export function fillDefaults(struct: Struct, draft: PlainObject): void {
  if (struct.open) return fillSchemaDefaults(struct.open, draft);
  const plan = planOf(struct);
  if (!plan) return;
  for (const field of plan) {
    const value = draft[field.name];
    if (isUnset(field, value)) {
      if (field.default !== undefined) draft[field.name] = clone(field.default);
    } else fillValue(field.type, value);
  }
}

function isUnset(field: Field, value: unknown): boolean {
  if (value === undefined || value === null || value === absentList) return true;
  return !field.pointer && field.default !== undefined && (value === "" || value === 0 || value === false);
}

function fillValue(type: TypeRef, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (type.kind === "struct") fillDefaults(type.struct, value as PlainObject);
  else if (type.kind === "list") fillEach(type.item, value as unknown[]);
  else if (type.kind === "map") fillEach(type.value, Object.values(value));
}

const fillEach = (type: TypeRef, items: readonly unknown[]): void =>
  each(items.length, (i) => fillValue(type, items[i]));

/** The fields of each struct that have defaults in or below them; nothing for a struct without any. */
const plans = new Map<Struct, readonly Field[] | undefined>();

function planOf(struct: Struct): readonly Field[] | undefined {
  if (plans.has(struct)) return plans.get(struct);
  // Types that hold themselves: taken to have defaults until it is known.
  plans.set(struct, struct.fields);
  const fields = struct.fields.filter((field) => field.default !== undefined || reaches(field.type));
  plans.set(struct, fields.length ? fields : undefined);
  return plans.get(struct);
}

function reaches(type: TypeRef): boolean {
  if (type.kind === "struct") return planOf(type.struct) !== undefined;
  if (type.kind === "list") return reaches(type.item);
  return type.kind === "map" && reaches(type.value);
}
