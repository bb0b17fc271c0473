/**
 * The OpenAPI documents of the definitions that a server serves: v3 for one group and version, v2 for all.
 * Holds: a document is given in entries, one path or one schema at a time in their order, so that whoever writes it can do so in short
 * stretches; which texts it needs is known before (`types`).
 */
import type { GroupVersionKind, ResourceDefinition } from "../resource.ts";
import { hasStruct, type Struct, structOf } from "../schema.ts";
import { customSchema, customSchemaName } from "./custom-schema.ts";
import type { Describe, Dialect, JsonSchema } from "./json-schema.ts";
import { type ResourcePath, resourcePaths } from "./paths.ts";
import { kindExtension, listSchema, namedSchemas, OWN_TEXTS, references, schemaName, structSchema } from "./schemas.ts";

const META = "apimachinery.pkg.apis.meta.v1";
const ALWAYS = ["DeleteOptions", "ListMeta", "ObjectMeta", "Status"].map((name) => `${META}.${name}`);

interface OpenApiDocument {
  /** Names of all types in it, for those who look for their texts. */
  readonly types: readonly string[];
  /** Paths first, then schemas, each in the order of names. */
  entries(describe: Describe): Generator<DocumentEntry, void, void>;
}

export type DocumentEntry = readonly [section: "paths" | "schemas", name: string, value: JsonSchema];

type MakeSchema = (describe: Describe) => JsonSchema;

/** The document of all at once, where nothing waits. */
export function openApiDocument(definitions: readonly ResourceDefinition[], dialect: Dialect): OpenApiDocument {
  const steps = documentSteps(definitions, dialect);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Makes the document, a step for each definition. */
export function* documentSteps(
  definitions: readonly ResourceDefinition[],
  dialect: Dialect,
): Generator<void, OpenApiDocument, void> {
  const schemas = new Map<string, MakeSchema>();
  const paths: ResourcePath[] = [];
  const named = namedSchemas(dialect);
  const addNamed = (name: string) => {
    const schema = named[name] as JsonSchema;
    schemas.set(name, (describe) => {
      const description = describe(name) ?? OWN_TEXTS[name];
      return description ? { description, ...schema } : schema;
    });
  };
  addNamed(schemaName(`${META}.Patch`));
  const addStruct = (struct: Struct, kind?: GroupVersionKind): string => {
    const name = schemaName(struct.name);
    if (kind || !schemas.has(name)) {
      schemas.set(name, (describe) => ({
        ...structSchema(struct, dialect, describe),
        ...(kind && kindExtension(kind)),
      }));
      references(struct, { struct: (s) => void addIfNew(s), name: addNamed });
    }
    return name;
  };
  const addIfNew = (struct: Struct) => (schemas.has(schemaName(struct.name)) ? undefined : addStruct(struct));
  for (const name of ALWAYS) addStruct(structOf(name), KINDS[name]);

  for (const definition of definitions) {
    const isCustom = definition.isCustom === true || !hasStruct(definition.schema.name);
    const object = isCustom ? customSchemaName(definition) : addStruct(definition.schema, definition);
    if (isCustom) schemas.set(object, (describe) => customSchema(definition, dialect, describe));
    if (definition.verbs.includes("list"))
      schemas.set(`${object}List`, (describe) => listSchema(definition, object, dialect, describe));
    const of = (kind: GroupVersionKind) => addStruct(structOf(structNameOf(kind)), kind);
    paths.push(...resourcePaths(definition, { object, list: `${object}List`, of }));
    yield;
  }
  return {
    types: [...schemas.keys()],
    *entries(describe) {
      for (const { path, item } of paths.toSorted(by(({ path }) => path))) yield ["paths", path, item(dialect)];
      for (const [name, make] of [...schemas].toSorted(by(([name]) => name))) yield ["schemas", name, make(describe)];
    },
  };
}

/** Kinds that go with every group. */
const KINDS: Readonly<Record<string, GroupVersionKind>> = {
  [`${META}.DeleteOptions`]: { group: "", version: "v1", kind: "DeleteOptions" },
  [`${META}.Status`]: { group: "", version: "v1", kind: "Status" },
};

/** The types of the kinds that actions take. */
const structNameOf = ({ group, version, kind }: GroupVersionKind): string =>
  `api.${group === "" ? "core" : (group.split(".")[0] as string)}.${version}.${kind}`;

const by =
  <T>(key: (value: T) => string) =>
  (a: T, b: T) =>
    key(a) < key(b) ? -1 : 1;
