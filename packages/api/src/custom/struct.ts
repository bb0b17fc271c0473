/** The struct of a custom kind: metadata, as all objects have it; all else is as the schema says. */
import { makeStruct, type Struct, structOf } from "../schema.ts";
import type { Schema } from "../structural/schema.ts";

const structs = new WeakMap<Schema, Struct>();

/** One struct for each schema, as long as that is used. */
export function customStruct(schema: Schema): Struct {
  let struct = structs.get(schema);
  if (!struct) {
    struct = makeStruct("custom", [metadataField()], { open: schema });
    structs.set(schema, struct);
  }
  return struct;
}

function metadataField() {
  const field = structOf("api.core.v1.ConfigMap").byName.get("metadata");
  if (!field) throw new Error("the tables lack the metadata of objects");
  return field;
}
