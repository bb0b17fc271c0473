/** Fills in what absent fields, and nulls where none may stand, are by a custom kind's schema. In place; again without harm. */
import { clone } from "@kubets/machinery/clone";
import { each } from "@kubets/machinery/turns";
import { setKey } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import { forbidsNull, isMetaMember, itemsOf, memberOf, propertyOf, type Schema, valuesOf } from "./schema.ts";

export function fillSchemaDefaults(schema: Schema, draft: PlainObject): void {
  if (hasDefaults(schema)) fillMembers(schema, draft, true);
}

function fillMembers(schema: Schema, draft: PlainObject, isRoot: boolean): void {
  const { properties } = schema;
  for (const name in properties) {
    if (isRoot && isMetaMember(name)) continue;
    const property = propertyOf(schema, name);
    if (property?.default === undefined) continue;
    if (!Object.hasOwn(draft, name) || draft[name] === undefined || (draft[name] === null && forbidsNull(property)))
      setKey(draft, name, clone(property.default));
  }
  const names = Object.keys(draft);
  each(names.length, (i) => {
    const name = names[i] as string;
    if (isRoot && isMetaMember(name)) return;
    const member = memberOf(schema, name);
    if (!member || !hasDefaults(member)) return;
    if (draft[name] === null && forbidsNull(member) && member.default !== undefined)
      setKey(draft, name, clone(member.default));
    fillValue(member, draft[name]);
  });
}

function fillValue(schema: Schema, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) return fillMembers(schema, value as PlainObject, false);
  const items = itemsOf(schema);
  if (!items || !hasDefaults(items)) return;
  each(value.length, (i) => {
    if (value[i] === null && forbidsNull(items) && items.default !== undefined) value[i] = clone(items.default);
    fillValue(items, value[i]);
  });
}

/** Whether a schema has defaults in it: most parts of most schemas have none, and are not walked. */
const known = new WeakMap<Schema, boolean>();

function hasDefaults(schema: Schema): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    const inside = [itemsOf(schema), valuesOf(schema), ...Object.values(schema.properties ?? {})];
    has = schema.default !== undefined || inside.some((inner) => inner !== undefined && hasDefaults(inner));
    known.set(schema, has);
  }
  return has;
}
