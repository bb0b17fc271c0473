/** The struct of a built-in kind, by which strategic merge patches are made; none for custom kinds. */
import { hasStruct, type Struct, structOf } from "@kubets/api/schema";
import type { ApiResource } from "../resources/mapper.ts";

export function structFor({
  group,
  version,
  kind,
}: Pick<ApiResource, "group" | "version" | "kind">): Struct | undefined {
  const name = `${packageOf(group)}.${version}.${kind}`;
  return hasStruct(name) ? structOf(name) : undefined;
}

function packageOf(group: string): string {
  if (group === "apiextensions.k8s.io") return "apiextensions-apiserver.pkg.apis.apiextensions";
  if (group === "apiregistration.k8s.io") return "kube-aggregator.pkg.apis.apiregistration";
  if (group === "internal.apiserver.k8s.io") return "api.apiserverinternal";
  if (group !== "" && group.includes(".") && !group.endsWith(".k8s.io")) return "";
  return `api.${group.split(".")[0] || "core"}`;
}
