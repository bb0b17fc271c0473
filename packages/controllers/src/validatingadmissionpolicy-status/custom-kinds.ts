/** The kinds that a policy names and that came at run time, as the server publishes them: custom resources, and those of other servers. */
import type { CheckedKind } from "@kubets/api/admissionregistration/expressions/object-types";
import { customStruct } from "@kubets/api/custom/struct";
import type { ValidatingAdmissionPolicySpec } from "@kubets/api/generated/types/admissionregistration-v1";
import type { JsonSchema } from "@kubets/api/openapi/json-schema";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string }[];
}
interface Published {
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

export async function customKinds(
  { matchConstraints, paramKind }: ValidatingAdmissionPolicySpec,
  isBuiltIn: (group: string) => boolean,
  client: Client,
): Promise<CheckedKind[]> {
  const named = new Set<string>();
  for (const { apiGroups = [], apiVersions = [] } of matchConstraints?.resourceRules ?? [])
    for (const group of apiGroups)
      for (const version of apiVersions) if (!/[*]/.test(group + version)) named.add(groupVersion({ group, version }));
  if (paramKind?.apiVersion) named.add(paramKind.apiVersion);
  const fresh = [...named].filter((each) => !isBuiltIn(each.includes("/") ? (each.split("/")[0] as string) : ""));
  return (await Promise.all(fresh.map((each) => kindsOf(each, client)))).flat();
}

/** None where the server does not have the version. */
async function kindsOf(apiVersion: string, client: Client): Promise<CheckedKind[]> {
  const [list, published] = await Promise.all([
    read<ResourceList>(client, `/apis/${apiVersion}`),
    read<Published>(client, `/openapi/v3/apis/${apiVersion}`),
  ]);
  const [group = "", version = ""] = apiVersion.split("/");
  const schemas = Object.values(published?.components?.schemas ?? {});
  return (list?.resources ?? []).flatMap(({ name: resource, kind }) => {
    const openApiSchema = resource.includes("/")
      ? undefined
      : schemas.find((schema) => isOf(schema, group, version, kind));
    return openApiSchema ? [{ group, version, resource, kind, schema: customStruct({}), openApiSchema }] : [];
  });
}

const isOf = (schema: JsonSchema, group: string, version: string, kind: string): boolean =>
  (schema as { "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[] })[
    "x-kubernetes-group-version-kind"
  ]?.some((each) => each.group === group && each.version === version && each.kind === kind) ?? false;

async function read<T>(client: Client, path: string): Promise<T | undefined> {
  const { status, body } = await client.raw("GET", path);
  return status === 200 ? (JSON.parse(new TextDecoder().decode(body)) as T) : undefined;
}
