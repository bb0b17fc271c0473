/** The paths of a resource and of its subresources, each with its operations; made one at a time, when they are asked for. */
import type { GroupVersionKind, ResourceDefinition, Verb } from "../resource.ts";
import type { Dialect, JsonSchema } from "./json-schema.ts";
import {
  ON_COLLECTION,
  ON_OBJECT,
  type Operation,
  operationObject,
  type Parameter,
  PRETTY,
  parameterV2,
  parameterV3,
  pascal,
  pathParameter,
  type Subject,
} from "./operations.ts";

export interface ResourcePath {
  readonly path: string;
  item(dialect: Dialect): JsonSchema;
}

interface SchemaNames {
  readonly object: string;
  readonly list: string;
  /** The schema of the kind of an action or a scale. */
  of(kind: GroupVersionKind): string;
}

const PART_VERBS: readonly Verb[] = ["get", "patch", "update"];

export function resourcePaths(definition: ResourceDefinition, names: SchemaNames): ResourcePath[] {
  const { group, version, resource, namespaced, verbs } = definition;
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const collection = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${resource}`;
  const scope = namespaced ? [pathParameter("namespace")] : [];
  const own: Subject = { object: names.object, list: names.list, kind: definition };
  const paths: ResourcePath[] = [];
  const add = (
    path: string,
    parameters: readonly Parameter[],
    operations: readonly Operation[],
    offered: readonly Verb[],
    suffix = "",
    subject = own,
  ) => {
    const served = operations.filter((o) => offered.includes(o.verb));
    if (served.length)
      paths.push({ path, item: (dialect) => pathItem(definition, served, parameters, subject, suffix, dialect) });
  };
  if (namespaced) add(`${root}/${resource}`, [], ON_COLLECTION.slice(0, 1), verbs, "ForAllNamespaces");
  add(collection, scope, ON_COLLECTION, verbs);
  const ofOne = [...scope, pathParameter("name")];
  add(`${collection}/{name}`, ofOne, ON_OBJECT, verbs);
  for (const [name, subresource] of Object.entries(definition.subresources ?? {})) {
    const path = `${collection}/{name}/${name}`;
    if (subresource.type === "status" || subresource.type === "part")
      add(path, ofOne, ON_OBJECT, PART_VERBS, pascal(name));
    else if (subresource.type === "scale") add(path, ofOne, ON_OBJECT, PART_VERBS, "Scale", ofKind(names, SCALE));
    else if (subresource.type === "action" && subresource.verbs.includes("create"))
      add(path, ofOne, ON_COLLECTION, ["create"], pascal(name), ofKind(names, subresource.kind));
  }
  return paths;
}

const SCALE: GroupVersionKind = { group: "autoscaling", version: "v1", kind: "Scale" };

const ofKind = (names: SchemaNames, kind: GroupVersionKind): Subject => {
  const object = names.of(kind);
  return { object, list: object, kind };
};

function pathItem(
  definition: ResourceDefinition,
  operations: readonly Operation[],
  parameters: readonly Parameter[],
  subject: Subject,
  suffix: string,
  dialect: Dialect,
): JsonSchema {
  const write = dialect.version === 3 ? parameterV3 : parameterV2;
  return {
    ...Object.fromEntries(operations.map((o) => [o.method, operationObject(definition, o, subject, suffix, dialect)])),
    parameters: [...parameters, ...PRETTY].map(write),
  };
}
