/** What expressions of policies, and match conditions of webhooks, may name. */
import {
  authorizers,
  type CelType,
  celTypes,
  type Environment,
  type FieldType,
  jsonPatches,
  kubernetesEnvironment,
  type ObjectType,
} from "@kubets/cel";
import { namespaceType, requestType } from "./types.ts";

export interface ExpressionScope {
  /** The policy has a paramKind. */
  readonly params?: boolean;
  readonly authorizer?: boolean;
  /** The types of the variables that stand before the expression. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** For checking types: what the object and the parameters are; otherwise they may be anything. */
  readonly types?: { readonly object: CelType; readonly params?: CelType };
}

const base = kubernetesEnvironment.extend({
  variables: { request: requestType, namespaceObject: namespaceType, object: celTypes.dyn, oldObject: celTypes.dyn },
});
const withAuthorizer = base.extend({
  libraries: [authorizers],
  variables: { authorizer: celTypes.authorizer, "authorizer.requestResource": celTypes.resourceCheck },
});

export function expressionEnvironment({ params, authorizer, variables, types }: ExpressionScope): Environment {
  const named: Record<string, CelType> = {};
  if (types) named["object"] = named["oldObject"] = types.object;
  if (params) named["params"] = types?.params ?? celTypes.dyn;
  if (variables && Object.keys(variables).length) named["variables"] = variablesType(variables);
  const environment = authorizer ? withAuthorizer : base;
  return Object.keys(named).length ? environment.extend({ variables: named }) : environment;
}

const variablesType = (variables: Readonly<Record<string, CelType>>): ObjectType =>
  celTypes.object(
    "kubernetes.variables",
    Object.fromEntries(Object.entries(variables).map(([name, type]) => [name, { type }])),
  );

/** The same for a mutation, which makes objects: `Object{...}`, `Object.spec{...}` and so on, and `JSONPatch{...}`. */
export function mutationEnvironment(scope: ExpressionScope, expression: string): Environment {
  const found = [...expression.matchAll(/\b(Object(?:\.\w+)*)\s*(\{?)/g)];
  const names = new Set(found.flatMap(([, name = "", brace]) => (brace ? [name] : [])));
  return expressionEnvironment(scope).extend({
    libraries: [jsonPatches],
    types: [jsonPatchType, objectType, ...[...names].map(partType)],
  });
}

/** Any field may be set to anything: what it is in truth is known when the object is. */
const partType = (name: string): ObjectType => celTypes.object(name, openFields({}, celTypes.dyn));

export const objectType = partType("Object");

const NO_TYPE = celTypes.opaque("");
export const jsonPatchType = celTypes.object(
  "JSONPatch",
  openFields({ op: celTypes.string, path: celTypes.string, from: celTypes.string, value: celTypes.dyn }, NO_TYPE),
);

/** Has every field: those that are named with their types, all others with one. */
function openFields(named: Readonly<Record<string, CelType>>, other: CelType): Readonly<Record<string, FieldType>> {
  const typeOf = (field: string | symbol): FieldType => ({
    type: typeof field === "string" && Object.hasOwn(named, field) ? (named[field] as CelType) : other,
  });
  return new Proxy<Record<string, FieldType>>(
    {},
    {
      get: (_, field) => typeOf(field),
      has: () => true,
      getOwnPropertyDescriptor: (_, field) => ({ value: typeOf(field), configurable: true, enumerable: true }),
    },
  );
}
