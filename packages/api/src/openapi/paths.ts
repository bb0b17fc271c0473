/** The operations of a resource as OpenAPI paths, with the parameters that clients look for. */
import type { ResourceDefinition, Verb } from "../resource.ts";
import { type JsonSchema, kindExtension } from "./schemas.ts";

const JSON_TYPE = "application/json";
const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

const query = (name: string, type: string): JsonSchema => ({ name, in: "query", schema: { type, uniqueItems: true } });
const path = (name: string): JsonSchema => ({
  name,
  in: "path",
  required: true,
  schema: { type: "string", uniqueItems: true },
});
const WRITE = [query("dryRun", "string"), query("fieldManager", "string"), query("fieldValidation", "string")];
const LIST = [
  "allowWatchBookmarks:boolean",
  "continue:string",
  "fieldSelector:string",
  "labelSelector:string",
  "limit:integer",
  "resourceVersion:string",
  "resourceVersionMatch:string",
  "sendInitialEvents:boolean",
  "timeoutSeconds:integer",
  "watch:boolean",
].map((text) => {
  const [name = "", type = ""] = text.split(":");
  return query(name, type);
});
const DELETE = [
  query("dryRun", "string"),
  query("gracePeriodSeconds", "integer"),
  query("orphanDependents", "boolean"),
  query("propagationPolicy", "string"),
];

/** One method of a path. */
interface Operation {
  readonly verb: Verb;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As `x-kubernetes-action` says it. */
  readonly action: string;
  readonly parameters: readonly JsonSchema[];
  readonly body?: "object" | "patch" | "options";
  readonly answer: "object" | "list" | "status";
}

const ON_COLLECTION: readonly Operation[] = [
  { verb: "list", method: "get", action: "list", parameters: LIST, answer: "list" },
  { verb: "create", method: "post", action: "post", parameters: WRITE, body: "object", answer: "object" },
  {
    verb: "deletecollection",
    method: "delete",
    action: "deletecollection",
    parameters: [...LIST.slice(1, 8), ...DELETE],
    body: "options",
    answer: "status",
  },
];
const ON_OBJECT: readonly Operation[] = [
  { verb: "get", method: "get", action: "get", parameters: [], answer: "object" },
  { verb: "update", method: "put", action: "put", parameters: WRITE, body: "object", answer: "object" },
  {
    verb: "patch",
    method: "patch",
    action: "patch",
    parameters: [...WRITE, query("force", "boolean")],
    body: "patch",
    answer: "object",
  },
  { verb: "delete", method: "delete", action: "delete", parameters: DELETE, body: "options", answer: "status" },
];

export interface SchemaNames {
  readonly object: string;
  readonly list: string;
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

export function resourcePaths(definition: ResourceDefinition, names: SchemaNames): Record<string, JsonSchema> {
  const { group, version, resource, namespaced, verbs } = definition;
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const collection = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${resource}`;
  const scope = namespaced ? [path("namespace")] : [];
  const paths: Record<string, JsonSchema> = {};
  const add = (
    at: string,
    own: readonly JsonSchema[],
    operations: readonly Operation[],
    offered: readonly Verb[],
    suffix = "",
  ) => {
    const served = operations.filter((o) => offered.includes(o.verb));
    if (served.length === 0) return;
    paths[at] = {
      ...Object.fromEntries(served.map((o) => [o.method, operation(definition, o, names, suffix)])),
      parameters: [...own, query("pretty", "string")],
    };
  };
  if (namespaced && verbs.includes("list"))
    add(`${root}/${resource}`, [], ON_COLLECTION.slice(0, 1), verbs, "ForAllNamespaces");
  add(collection, scope, ON_COLLECTION, verbs);
  add(`${collection}/{name}`, [...scope, path("name")], ON_OBJECT, verbs);
  for (const [name, subresource] of Object.entries(definition.subresources ?? {}))
    if (subresource.type === "status" || subresource.type === "part")
      add(
        `${collection}/{name}/${name}`,
        [...scope, path("name")],
        ON_OBJECT,
        ["get", "patch", "update"],
        pascal(name),
      );
  return paths;
}

function operation(definition: ResourceDefinition, o: Operation, names: SchemaNames, suffix: string): JsonSchema {
  const { kind, group, version, namespaced } = definition;
  const answer = { object: names.object, list: names.list, status: `${META}.Status` }[o.answer];
  return {
    tags: [`${group ? camel(group) : "core"}_${version}`],
    operationId: `${o.action}${pascal(group.split(".")[0] || "core")}${pascal(version)}${namespaced && suffix !== "ForAllNamespaces" ? "Namespaced" : ""}${kind}${suffix}`,
    parameters: o.parameters,
    ...(o.body && { requestBody: { content: bodyContent(o.body, names) } }),
    responses: {
      "200": { description: "OK", content: Object.fromEntries(ANSWER_TYPES.map((t) => [t, reference(answer)])) },
      "401": { description: "Unauthorized" },
    },
    "x-kubernetes-action": o.action,
    "x-kubernetes-group-version-kind": (
      kindExtension({ group, version, kind })["x-kubernetes-group-version-kind"] as readonly unknown[]
    )[0],
  };
}

const ANSWER_TYPES = [JSON_TYPE, "application/yaml", "application/vnd.kubernetes.protobuf"];
const reference = (name: string): JsonSchema => ({ schema: { $ref: `#/components/schemas/${name}` } });

function bodyContent(body: NonNullable<Operation["body"]>, names: SchemaNames): JsonSchema {
  if (body === "object") return { "*/*": reference(names.object) };
  if (body === "options") return { "*/*": reference(`${META}.DeleteOptions`) };
  return Object.fromEntries(PATCH_TYPES.map((t) => [t, reference(`${META}.Patch`)]));
}

const pascal = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const camel = (group: string) =>
  group.replace(/\.k8s\.io$/, "").replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
