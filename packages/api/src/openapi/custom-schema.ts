/**
 * How a kind is published whose schema came at run time (a CustomResourceDefinition's OpenAPI v3 schema): under a name made of its group,
 * with the metadata that every object has; and what OpenAPI v2 can say of it.
 */
import type { ResourceDefinition } from "../resource.ts";
import { isSchema } from "../structural/schema.ts";
import type { Describe, Dialect, JsonSchema } from "./json-schema.ts";
import { kindExtension } from "./schemas.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** A type that every document has, and whose texts on kinds are those of all objects. */
const OBJECT = "apimachinery.pkg.apis.meta.v1.DeleteOptions";
const CONVENTIONS = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";

/** "stable.example.com", "v1", "CronTab" -> "com.example.stable.v1.CronTab" */
export const customSchemaName = ({ group, version, kind }: ResourceDefinition): string =>
  `${group.split(".").reverse().join(".")}.${version}.${kind}`;

export function customSchema(definition: ResourceDefinition, dialect: Dialect, describe: Describe): JsonSchema {
  const published = definition.openApiSchema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = dialect.version === 2 ? asV2(published) : asV3(published);
  const extension = kindExtension(definition);
  // A kind that keeps whatever it is given has nothing to tell of its fields.
  if (!schema["properties"] && definition.openApiSchema === undefined) return { ...schema, ...extension };
  return {
    ...schema,
    properties: {
      ...(schema["properties"] as object | undefined),
      apiVersion: {
        description:
          describe(OBJECT, "apiVersion") ??
          `The version of the schema of this object. More info: ${CONVENTIONS}#resources`,
        type: "string",
      },
      kind: {
        description: describe(OBJECT, "kind") ?? `What kind of object this is. More info: ${CONVENTIONS}#types-kinds`,
        type: "string",
      },
      metadata: {
        description: `Standard object's metadata. More info: ${CONVENTIONS}#metadata`,
        ...dialect.refer(`${META}.ObjectMeta`),
      },
    },
    ...extension,
  };
}

/** What may be a number or a text is said in words that clients know. */
function asV3(schema: JsonSchema): JsonSchema {
  const told: Record<string, unknown> = { ...schema };
  if (schema["x-kubernetes-int-or-string"] === true) {
    delete told["type"];
    told["anyOf"] ??= [{ type: "integer" }, { type: "string" }];
  }
  for (const word of ["items", "additionalProperties"])
    if (isSchema(told[word])) told[word] = asV3(told[word] as JsonSchema);
  if (isSchema(told["properties"]))
    told["properties"] = Object.fromEntries(
      Object.entries(told["properties"]).map(([name, property]) => [name, asV3(property as JsonSchema)]),
    );
  return told;
}

/** Words of a schema that v2 does not know, or that its clients read otherwise. */
const NOT_IN_V2 = new Set(["oneOf", "anyOf", "allOf", "not", "nullable", "example", "externalDocs"]);

function asV2(schema: JsonSchema): JsonSchema {
  const told: Record<string, unknown> = {};
  const anything = schema["nullable"] === true || schema["x-kubernetes-int-or-string"] === true;
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true;
  for (const [word, value] of Object.entries(schema)) {
    if (NOT_IN_V2.has(word)) continue;
    if (anything && (word === "type" || word === "default")) continue;
    if ((anything || keepsUnknown) && (word === "properties" || word === "items" || word === "additionalProperties"))
      continue;
    if (word === "properties") told[word] = mapped(value as Record<string, JsonSchema>);
    else if ((word === "items" || word === "additionalProperties") && typeof value === "object" && value !== null)
      told[word] = asV2(value as JsonSchema);
    else told[word] = value;
  }
  return told;
}

const mapped = (properties: Record<string, JsonSchema>) =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, asV2(schema)]));
