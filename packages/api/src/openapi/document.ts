/** The OpenAPI v3 document of one group and version, derived from the definitions that it serves. */
import type { ResourceDefinition } from "../resource.ts";
import { type Struct, structOf } from "../schema.ts";
import { resourcePaths } from "./paths.ts";
import { type Describe, type JsonSchema, kindExtension, listSchema, schemaName, structSchema } from "./schemas.ts";

const META = "apimachinery.pkg.apis.meta.v1";
const ALWAYS = ["DeleteOptions", "ListMeta", "Status"].map((name) => `${META}.${name}`);

export function openApiDocument(
  definitions: readonly ResourceDefinition[],
  version: string,
  describe: Describe = () => undefined,
): JsonSchema {
  const schemas: Record<string, JsonSchema> = { [schemaName(`${META}.Patch`)]: { type: "object" } };
  const waiting: Struct[] = ALWAYS.map(structOf);
  const paths: Record<string, JsonSchema> = {};
  for (const definition of definitions) {
    const object = schemaName(definition.schema.name);
    schemas[object] = {
      ...structSchema(definition.schema, (s) => waiting.push(s), describe),
      ...kindExtension(definition),
    };
    if (definition.verbs.includes("list")) schemas[`${object}List`] = listSchema(definition, object);
    Object.assign(paths, resourcePaths(definition, { object, list: `${object}List` }));
  }
  for (let struct = waiting.pop(); struct; struct = waiting.pop()) {
    const name = schemaName(struct.name);
    schemas[name] ??= structSchema(struct, (s) => waiting.push(s), describe);
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version },
    paths: sorted(paths),
    components: {
      schemas: sorted(schemas),
      securitySchemes: { BearerToken: { type: "apiKey", name: "authorization", in: "header" } },
    },
  };
}

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
