/** The methods of a resource's paths, in the words of both versions of OpenAPI. */
import type { GroupVersionKind, ResourceDefinition, Verb } from "../resource.ts";
import type { Dialect, JsonSchema } from "./json-schema.ts";

const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
const ANSWER_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** What clients may send and get; kinds that people define have neither merge rules of the built-in kind nor messages. */
interface MediaTypes {
  readonly patch: readonly string[];
  readonly answer: readonly string[];
}
const BUILT_IN: MediaTypes = { patch: PATCH_TYPES, answer: ANSWER_TYPES };
const CUSTOM: MediaTypes = {
  patch: PATCH_TYPES.filter((type) => !type.includes("strategic")),
  answer: ANSWER_TYPES.filter((type) => !type.includes("protobuf")),
};

/** A parameter: its name, where it stands, its type. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly type: "string" | "boolean" | "integer";
}

const query = (...texts: string[]): Parameter[] =>
  texts.map((text) => {
    const [name = "", type = "string"] = text.split(":");
    return { name, in: "query", type: type as Parameter["type"] };
  });
export const pathParameter = (name: string): Parameter => ({ name, in: "path", type: "string" });
export const PRETTY = query("pretty");

const WRITE = query("dryRun", "fieldManager", "fieldValidation");
const LIST = query(
  "allowWatchBookmarks:boolean",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit:integer",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents:boolean",
  "shardSelector",
  "timeoutSeconds:integer",
  "watch:boolean",
);
const DELETE = query(
  "dryRun",
  "gracePeriodSeconds:integer",
  "ignoreStoreReadErrorWithClusterBreakingPotential:boolean",
  "orphanDependents:boolean",
  "propagationPolicy",
);

/** One method of a path. */
export interface Operation {
  readonly verb: Verb;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As `x-kubernetes-action` says it. */
  readonly action: string;
  readonly parameters: readonly Parameter[];
  readonly body?: "object" | "patch" | "options";
  readonly answer: "object" | "list" | "status";
}

export const ON_COLLECTION: readonly Operation[] = [
  { verb: "list", method: "get", action: "list", parameters: LIST, answer: "list" },
  { verb: "create", method: "post", action: "post", parameters: WRITE, body: "object", answer: "object" },
  {
    verb: "deletecollection",
    method: "delete",
    action: "deletecollection",
    parameters: [...LIST.slice(1, 10), ...DELETE],
    body: "options",
    answer: "status",
  },
];
export const ON_OBJECT: readonly Operation[] = [
  { verb: "get", method: "get", action: "get", parameters: [], answer: "object" },
  { verb: "update", method: "put", action: "put", parameters: WRITE, body: "object", answer: "object" },
  {
    verb: "patch",
    method: "patch",
    action: "patch",
    parameters: [...WRITE, ...query("force:boolean")],
    body: "patch",
    answer: "object",
  },
  { verb: "delete", method: "delete", action: "delete", parameters: DELETE, body: "options", answer: "status" },
];

/** What an operation is about: schema names of the object and of lists of it, and its kind. */
export interface Subject {
  readonly object: string;
  readonly list: string;
  readonly kind: GroupVersionKind;
}

export function operationObject(
  definition: ResourceDefinition,
  o: Operation,
  subject: Subject,
  suffix: string,
  dialect: Dialect,
): JsonSchema {
  const { group, version, namespaced, kind } = definition;
  const answer = { object: subject.object, list: subject.list, status: `${META}.Status` }[o.answer];
  const media = definition.isCustom ? CUSTOM : BUILT_IN;
  const inNamespace = namespaced && suffix !== "ForAllNamespaces" ? "Namespaced" : "";
  return {
    tags: [`${group ? camel(group) : "core"}_${version}`],
    description: described(o, kind, suffix),
    operationId: `${ID_WORD[o.action] ?? o.action}${pascal(camel(group.split(".")[0] || "core"))}${pascal(version)}${inNamespace}${kind}${suffix}`,
    ...(dialect.version === 3 ? inV3(o, subject, answer, media) : inV2(o, subject, answer, media)),
    "x-kubernetes-action": o.action,
    "x-kubernetes-group-version-kind": {
      group: subject.kind.group,
      kind: subject.kind.kind,
      version: subject.kind.version,
    },
  };
}

const ID_WORD: Readonly<Record<string, string>> = {
  get: "read",
  post: "create",
  put: "replace",
  deletecollection: "deleteCollection",
};
const DOES: Readonly<Record<string, string>> = {
  list: "list or watch objects of kind",
  post: "create a",
  deletecollection: "delete collection of",
  get: "read the specified",
  put: "replace the specified",
  patch: "partially update the specified",
  delete: "delete a",
};

function described({ action }: Operation, kind: string, suffix: string): string {
  const part = suffix && suffix !== "ForAllNamespaces" ? `${suffix.charAt(0).toLowerCase()}${suffix.slice(1)} of ` : "";
  const does = DOES[action] ?? action;
  return part ? `${does.replace(/ a$/, "")} ${part}a ${kind}` : `${does} ${kind}`;
}

function inV3(o: Operation, subject: Subject, answer: string, media: MediaTypes): JsonSchema {
  const content = (name: string): JsonSchema => ({ schema: { $ref: `#/components/schemas/${name}` } });
  const body = o.body && bodyName(o.body, subject);
  const types = o.body === "patch" ? media.patch : ["*/*"];
  return {
    ...(o.parameters.length && { parameters: o.parameters.map(parameterV3) }),
    ...(body && { requestBody: { content: Object.fromEntries(types.map((t) => [t, content(body)])) } }),
    responses: {
      "200": { description: "OK", content: Object.fromEntries(media.answer.map((t) => [t, content(answer)])) },
      "401": { description: "Unauthorized" },
    },
  };
}

function inV2(o: Operation, subject: Subject, answer: string, media: MediaTypes): JsonSchema {
  const reference = (name: string) => ({ $ref: `#/definitions/${name}` });
  const body = o.body && {
    name: "body",
    in: "body",
    ...(o.body !== "options" && { required: true }),
    schema: reference(bodyName(o.body, subject)),
  };
  return {
    consumes: o.body === "patch" ? media.patch : ["*/*"],
    produces: media.answer,
    schemes: ["https"],
    parameters: [...(body ? [body] : []), ...o.parameters.map(parameterV2)],
    responses: { "200": { description: "OK", schema: reference(answer) }, "401": { description: "Unauthorized" } },
  };
}

const bodyName = (body: NonNullable<Operation["body"]>, { object }: Subject) =>
  body === "object" ? object : body === "options" ? `${META}.DeleteOptions` : `${META}.Patch`;

export const parameterV3 = ({ name, in: place, type }: Parameter): JsonSchema => ({
  name,
  in: place,
  ...(place === "path" && { required: true }),
  schema: { type, uniqueItems: true },
});
export const parameterV2 = ({ name, in: place, type }: Parameter): JsonSchema => ({
  name,
  in: place,
  ...(place === "path" && { required: true }),
  type,
  uniqueItems: true,
});

export const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const camel = (group: string) =>
  group.replace(/\.k8s\.io$/, "").replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
