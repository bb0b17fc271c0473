/** Versions of a custom kind that differ in nothing but their name (conversion strategy None), each with a schema of its own. */
import { canonical } from "../codec/canonical.ts";
import { fillDefaults } from "../codec/defaults.ts";
import type { Draft, KubeObject, PlainObject } from "../meta.ts";
import type { Hub, ResourceDefinition } from "../resource.ts";
import { groupVersion } from "../resource-ref.ts";
import type { Schema } from "../structural/schema.ts";
import { customStruct } from "./struct.ts";

/** The way between a version and how objects are stored: what the version's schema lacks is not shown, but kept. */
export function noneConversion(stored: ResourceDefinition, apiVersion: string, schema: () => Schema): Hub {
  return {
    resource: () => stored,
    toHub: (object) => ({ ...object, apiVersion: groupVersion(stored) }) as Draft<KubeObject>,
    fromHub: (object) => readObject(schema(), { ...object, apiVersion }),
  };
}

/** An object as a schema has it: what that lacks goes, what it defaults is there. */
export function readObject(schema: Schema, object: object): Draft<KubeObject> {
  const struct = customStruct(schema);
  const read = canonical(struct, object);
  fillDefaults(struct, read);
  return read as unknown as Draft<KubeObject> & PlainObject;
}
