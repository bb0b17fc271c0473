/** The TypeScript types of the API: a line of an interface for each field. */
import { type Property, refName, SPECIAL, short, type TypeFacts } from "./published-facts.ts";
import { served } from "./resource-lists.ts";
import { isAlways, isPlainTime } from "./table-rows.ts";

/** What a file of types takes from others, by their names. */
export type Imports = Map<string, Set<string>>;

function tsType(property: Property, owner: string, imports: Imports): string {
  if (property.$ref) {
    const name = short(refName(property.$ref));
    switch (SPECIAL[name]) {
      case "q":
      case "t":
      case "u":
        return "string";
      case "x":
        return "number | string";
      case "r":
      case "f":
        return "Readonly<Record<string, unknown>>";
      case "j":
      case "oa":
      case "ob":
      case "os":
        return "unknown";
      default:
        return reference(name, owner, imports);
    }
  }
  if (property.type === "array") {
    const item = tsType(property.items as Property, owner, imports);
    return item.includes("|") ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (property.additionalProperties)
    return `Readonly<Record<string, ${tsType(property.additionalProperties, owner, imports)}>>`;
  switch (property.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "unknown";
  }
}

/** One line of an interface. An object as the API gives it has all fields that are always written, and its identity. */
export function member(owner: string, field: string, type: TypeFacts, required: boolean, imports: Imports): string {
  const property = type.properties?.[field] as Property;
  const [gvk, second] = type["x-kubernetes-group-version-kind"] ?? [];
  if (gvk && !second && type.properties?.["metadata"]) {
    const groupVersion = `${gvk.group ? `${gvk.group}/` : ""}${gvk.version}`;
    const namespaced = served.get(`${groupVersion} ${gvk.kind}`);
    if (field === "kind") return `  readonly kind: "${gvk.kind}";`;
    if (field === "apiVersion") return `  readonly apiVersion: "${groupVersion}";`;
    if (field === "metadata" && namespaced !== undefined) {
      const meta = namespaced ? "NamespacedMeta" : "ClusterMeta";
      imports.set("../../meta", (imports.get("../../meta") ?? new Set()).add(meta));
      return `  readonly metadata: ${meta};`;
    }
  }
  if (isPlainTime(owner, field)) return `  readonly ${key(field)}?: ${tsType(property, owner, imports)} | null;`;
  const optional = isAlways(owner, field, property, required) ? "" : "?";
  return `  readonly ${key(field)}${optional}: ${tsType(property, owner, imports)};`;
}

export const scopeOf = (name: string) => name.slice(0, name.lastIndexOf("."));
/** The file of a scope: "api.core.v1" -> "core-v1", "apimachinery.pkg.apis.meta.v1" -> "meta-v1". */
export const fileOf = (scope: string) => scope.split(".").slice(-2).join("-").toLowerCase();
export const identifier = (name: string) => name.slice(name.lastIndexOf(".") + 1);

function reference(name: string, owner: string, imports: Imports): string {
  if (scopeOf(name) !== scopeOf(owner)) {
    const from = fileOf(scopeOf(name));
    (imports.get(from) ?? (imports.set(from, new Set()).get(from) as Set<string>)).add(identifier(name));
  }
  return identifier(name);
}
const key = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
