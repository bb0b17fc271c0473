/**
 * Writes src/generated/ from the bare facts of the published API: `tables.ts` (the compact form that schema.ts reads) and one file of
 * TypeScript types for each group and version. Run by hand when facts change:
 *
 *     node packages/api/tools/generate.ts [FACTS_FOLDER]        (default: ../shared/facts)
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alwaysEmitted, durationFields, omittedWhenZero, plainTimeFields, pointerFields } from "./field-facts.ts";

interface Property {
  $ref?: string;
  type?: string;
  format?: string;
  items?: Property;
  additionalProperties?: Property;
  default?: unknown;
  [extension: `x-kubernetes-${string}`]: unknown;
}
interface TypeFacts extends Property {
  properties?: Record<string, Property>;
  required?: string[];
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}
interface ResourceList {
  groupVersion: string;
  resources: { name: string; kind: string; group?: string; version?: string; namespaced: boolean }[];
}
type ProtoFields = Record<string, [number, string, string?]>;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const facts = process.argv[2] ?? "../shared/facts";
const out = join(import.meta.dirname, "../src/generated");
const read = <T>(file: string): T => JSON.parse(readFileSync(join(facts, file), "utf8")) as T;
const types = read<Record<string, TypeFacts>>("types.json");
const { messages } = read<{ messages: Record<string, ProtoFields> }>("proto-kubernetes.json");

const short = (name: string) => name.replace(/^io\.k8s\./, "");
const refName = (ref: string) => ref.slice(ref.lastIndexOf("/") + 1);
const words = (text: string | undefined) => new Set((text ?? "").split(" ").filter(Boolean));

/** Types that JSON holds as something else than a struct of fields, by the letter of the tables. */
const SPECIAL: Record<string, string> = {
  "apimachinery.pkg.api.resource.Quantity": "q",
  "apimachinery.pkg.apis.meta.v1.Time": "t",
  "apimachinery.pkg.apis.meta.v1.MicroTime": "u",
  "apimachinery.pkg.apis.meta.v1.FieldsV1": "f",
  "apimachinery.pkg.apis.meta.v1.Patch": "j",
  "apimachinery.pkg.util.intstr.IntOrString": "x",
  "apimachinery.pkg.runtime.RawExtension": "r",
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "j",
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "oa",
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "ob",
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "os",
};

/** The order in which each type writes its fields, as seen in objects whose every field is filled. */
function observedOrder(): Map<string, string[]> {
  const order = new Map<string, string[]>();
  const byKind = new Map<string, string>();
  for (const [name, type] of Object.entries(types))
    for (const k of type["x-kubernetes-group-version-kind"] ?? [])
      byKind.set(`${k.group ? `${k.group}/` : ""}${k.version} ${k.kind}`, name);

  const visit = (property: Property, value: Json): void => {
    if (property.$ref) visitType(refName(property.$ref), value);
    else if (property.items && Array.isArray(value)) for (const item of value) visit(property.items, item);
    else if (property.additionalProperties && value && typeof value === "object")
      for (const item of Object.values(value)) visit(property.additionalProperties, item);
  };
  const visitType = (name: string, value: Json): void => {
    const properties = types[name]?.properties;
    if (!properties || !value || typeof value !== "object" || Array.isArray(value)) return;
    const seen = Object.keys(value).filter((key) => key in properties);
    if (seen.length > (order.get(name)?.length ?? 0)) order.set(name, seen);
    for (const key of seen) visit(properties[key] as Property, value[key] as Json);
  };
  for (const file of readdirSync(join(facts, "golden")).filter((f) => f.endsWith(".json"))) {
    const object = read<{ [key: string]: Json }>(`golden/${file}`);
    const { apiVersion = "v1", kind = file.split(".").at(-2) } = object as { apiVersion?: string; kind?: string };
    const name = byKind.get(`${apiVersion} ${kind}`);
    if (name) visitType(name, object);
  }
  return order;
}

/** Protobuf numbers of a type's fields by JSON name; a path where the field stands in an embedded message. */
function protoNumbers(name: string, properties: Record<string, Property>): Map<string, string> {
  const message = short(name)
    .replace("apiextensions-apiserver", "apiextensions_apiserver")
    .replace("kube-aggregator", "kube_aggregator");
  const numbers = new Map<string, string>();
  const plain = (text: string) => text.replace(/[^a-zA-Z]/g, "").toLowerCase();
  const visit = (fullName: string, path: string) => {
    for (const [field, [number, type]] of Object.entries(messages[fullName] ?? {})) {
      const at = path ? `${path}.${number}` : String(number);
      const json =
        Object.keys(properties).find((p) => p === field) ??
        Object.keys(properties).find((p) => plain(p) === plain(field));
      if (json) numbers.set(json, at);
      else if (!path.includes(".")) visit(resolveMessage(fullName, type), at);
    }
  };
  visit(`k8s.io.${message}`, "");
  return numbers;
}

function resolveMessage(from: string, type: string): string {
  if (type.startsWith(".")) return type.slice(1);
  return `${from.slice(0, from.lastIndexOf("."))}.${type}`;
}

function typeCode(owner: string, field: string, property: Property): string {
  if (property.$ref) {
    const name = short(refName(property.$ref));
    const special = SPECIAL[name];
    if (special) return special;
    const scope = owner.slice(0, owner.lastIndexOf(".") + 1);
    const local = name.startsWith(scope) && !name.slice(scope.length).includes(".");
    return `@${local ? name.slice(scope.length) : name}`;
  }
  if (property.type === "array") return `[${typeCode(owner, field, property.items as Property)}`;
  if (property.additionalProperties) return `{${typeCode(owner, field, property.additionalProperties)}`;
  if (words(durationFields[owner]).has(field)) return "D";
  switch (property.type) {
    case "string":
      return property.format === "byte" ? "y" : "s";
    case "integer":
      return property.format === "int32" ? "i" : "l";
    case "boolean":
      return "b";
    case "number":
      return "d";
    default:
      return "j";
  }
}

/** Times that are no pointers: written as null when unset. */
const isPlainTime = (owner: string, field: string) => words(plainTimeFields[owner]).has(field);

/** Whether a field can be absent where its zero value is something else. References that stand for no plain struct are pointers. */
function isPointer(owner: string, field: string, property: Property, always: boolean): boolean {
  if (words(pointerFields[owner]).has(field)) return true;
  if (!property.$ref || property.default !== undefined) return false;
  const special = SPECIAL[short(refName(property.$ref))];
  if (special === "t" || special === "u") return !isPlainTime(owner, field);
  return special === undefined || !always;
}

/** Whether a field is written even when it is empty. */
function isAlways(owner: string, field: string, property: Property, required: boolean): boolean {
  const isStruct = property.$ref !== undefined && JSON.stringify(property.default) === "{}";
  if (words(omittedWhenZero[owner]).has(field)) return false;
  return required || isStruct || words(alwaysEmitted[owner]).has(field) || isPlainTime(owner, field);
}

function fieldLine(owner: string, field: string, property: Property, required: boolean, number: string): string {
  const parts = [field, typeCode(owner, field, property), number];
  const always = isAlways(owner, field, property, required);
  if (always) parts.push("+");
  if (required) parts.push("!");
  if (isPointer(owner, field, property, always)) parts.push("^");
  if (property.default !== undefined && !["{}", '""', "0", "false"].includes(JSON.stringify(property.default)))
    parts.push(`=${JSON.stringify(property.default)}`);
  const listType = property["x-kubernetes-list-type"];
  if (listType === "set") parts.push("L*");
  else if (listType === "map") parts.push(`L${(property["x-kubernetes-list-map-keys"] as string[]).join(",")}`);
  else if (listType === "atomic") parts.push("L");
  if (property["x-kubernetes-map-type"] === "atomic") parts.push("A");
  if (property["x-kubernetes-map-type"] === "granular") parts.push("G");
  const strategy = (property["x-kubernetes-patch-strategy"] as string | undefined) ?? "";
  if (strategy.includes("merge"))
    parts.push(`P${(property["x-kubernetes-patch-merge-key"] as string | undefined) ?? ""}`);
  if (strategy.includes("retainKeys")) parts.push("K");
  if (strategy === "replace") parts.push("R");
  return parts.join(" ");
}

function tsType(property: Property, owner: string): string {
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
        return reference(name, owner);
    }
  }
  if (property.type === "array") {
    const item = tsType(property.items as Property, owner);
    return item.includes("|") ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (property.additionalProperties) return `Readonly<Record<string, ${tsType(property.additionalProperties, owner)}>>`;
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

/** Served when --runtime-config asks for them: the discovery of a server that nobody told anything does not know them. */
const ON_REQUEST: readonly ResourceList[] = [
  onRequest("admissionregistration.k8s.io/v1beta1", ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]),
  onRequest("admissionregistration.k8s.io/v1alpha1", ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]),
  onRequest("certificates.k8s.io/v1beta1", ["ClusterTrustBundle"], ["PodCertificateRequest"]),
  onRequest("certificates.k8s.io/v1alpha1", ["ClusterTrustBundle"]),
  onRequest("coordination.k8s.io/v1beta1", [], ["LeaseCandidate"]),
  onRequest("coordination.k8s.io/v1alpha2", [], ["LeaseCandidate"]),
  onRequest("internal.apiserver.k8s.io/v1alpha1", ["StorageVersion"]),
  onRequest("networking.k8s.io/v1beta1", ["IPAddress", "ServiceCIDR"]),
  onRequest(
    "resource.k8s.io/v1beta2",
    ["DeviceClass", "DeviceTaintRule", "ResourceSlice"],
    ["ResourceClaim", "ResourceClaimTemplate"],
  ),
  onRequest("resource.k8s.io/v1beta1", ["DeviceClass", "ResourceSlice"], ["ResourceClaim", "ResourceClaimTemplate"]),
  onRequest("resource.k8s.io/v1alpha3", ["DeviceTaintRule", "ResourcePoolStatusRequest"]),
  onRequest("scheduling.k8s.io/v1alpha2", [], ["PodGroup", "Workload"]),
  onRequest("storage.k8s.io/v1beta1", ["VolumeAttributesClass"]),
  onRequest("storagemigration.k8s.io/v1beta1", ["StorageVersionMigration"]),
];
const lists = [
  ...Object.values(read<{ resources: Record<string, ResourceList> }>("discovery.json").resources),
  ...ON_REQUEST,
];

function onRequest(
  groupVersion: string,
  ofCluster: readonly string[],
  ofNamespaces: readonly string[] = [],
): ResourceList {
  const plural = (kind: string) =>
    kind
      .toLowerCase()
      .replace(/(s|y)$/, (end) => (end === "y" ? "ie" : "se"))
      .concat("s");
  const entry = (namespaced: boolean) => (kind: string) => ({ name: plural(kind), kind, namespaced });
  return { groupVersion, resources: [...ofCluster.map(entry(false)), ...ofNamespaces.map(entry(true))] };
}

/** Kinds that are served as resources, with whether they live in namespaces. */
const served = new Map<string, boolean>();
for (const list of lists)
  for (const r of list.resources) {
    const groupVersion = r.version ? `${r.group ? `${r.group}/` : ""}${r.version}` : list.groupVersion;
    if (!r.name.includes("/")) served.set(`${groupVersion} ${r.kind}`, r.namespaced);
  }

/** One line of an interface. An object as the API gives it has all fields that are always written, and its identity. */
function member(owner: string, field: string, type: TypeFacts, required: boolean): string {
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
  if (isPlainTime(owner, field)) return `  readonly ${key(field)}?: ${tsType(property, owner)} | null;`;
  const optional = isAlways(owner, field, property, required) ? "" : "?";
  return `  readonly ${key(field)}${optional}: ${tsType(property, owner)};`;
}

const scopeOf = (name: string) => name.slice(0, name.lastIndexOf("."));
/** The file of a scope: "api.core.v1" -> "core-v1", "apimachinery.pkg.apis.meta.v1" -> "meta-v1". */
const fileOf = (scope: string) => scope.split(".").slice(-2).join("-").toLowerCase();
const identifier = (name: string) => name.slice(name.lastIndexOf(".") + 1);
let imports = new Map<string, Set<string>>();
function reference(name: string, owner: string): string {
  if (scopeOf(name) !== scopeOf(owner)) {
    const from = fileOf(scopeOf(name));
    (imports.get(from) ?? (imports.set(from, new Set()).get(from) as Set<string>)).add(identifier(name));
  }
  return identifier(name);
}
const key = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const order = observedOrder();
const tableLines: string[] = [];
const files = new Map<string, { imports: Map<string, Set<string>>; text: string[] }>();

for (const [fullName, type] of Object.entries(types)) {
  const name = short(fullName);
  if (SPECIAL[name] || name.endsWith("version.Info")) continue;
  const properties = type.properties ?? {};
  const required = new Set(type.required);
  const seen = order.get(fullName) ?? [];
  const head = ["kind", "apiVersion", "metadata"].filter((f) => f in properties);
  const ordered = [...new Set([...(seen.length ? seen : head), ...Object.keys(properties)])];
  const numbers = protoNumbers(fullName, properties);
  const rows = ordered.map((f) =>
    fieldLine(name, f, properties[f] as Property, required.has(f), numbers.get(f) ?? "-"),
  );
  const atomic = type["x-kubernetes-map-type"] === "atomic" ? "&" : "";
  tableLines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(atomic + rows.join("\n"))},`);

  const scope = scopeOf(name);
  const file = files.get(fileOf(scope)) ?? { imports: new Map<string, Set<string>>(), text: [] };
  files.set(fileOf(scope), file);
  imports = file.imports;
  const members = ordered.map((f) => member(name, f, type, required.has(f)));
  file.text.push(`export interface ${identifier(name)} {\n${members.join("\n")}\n}\n`);
}

const banner = "// Written by tools/generate.ts from the facts of the published API. Change that, not this.\n";
writeFileSync(
  join(out, "tables.ts"),
  `${banner}export const tables: Readonly<Record<string, string>> = {\n${tableLines.join("\n")}\n};\n`,
);
mkdirSync(join(out, "types"));
for (const [file, { imports: from, text }] of files) {
  const lines = [...from]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([f, names]) =>
        `import type { ${[...names].toSorted((a, b) => (a < b ? -1 : 1)).join(", ")} } from "${f.startsWith(".") ? f : `./${f}`}.ts";\n`,
    );
  writeFileSync(
    join(out, "types", `${file}.ts`),
    `${banner}${lines.join("")}${lines.length ? "\n" : ""}${text.join("\n")}`,
  );
}

/** The resources by name; where two versions or groups share one, the later ones carry it in their name. */
const refLines: string[] = [];
const refImports = new Map<string, Set<string>>();
const taken = new Set<string>();
function rank({ groupVersion }: ResourceList): number {
  if (groupVersion === "v1") return 0;
  if (groupVersion === "autoscaling/v2") return 1;
  return groupVersion.includes("alpha") ? 3 : 2;
}
for (const list of lists.toSorted((a, b) => rank(a) - rank(b) || (a.groupVersion < b.groupVersion ? -1 : 1))) {
  const [version = "", group = ""] = list.groupVersion.split("/").reverse();
  for (const r of list.resources) {
    if (r.name.includes("/")) continue;
    const file = `${group === "" ? "core" : fileGroup(group)}-${version}`;
    const kind = r.kind;
    const name = taken.has(r.name)
      ? `${r.name}${fileGroup(group) === "events" ? "EventsV1" : version.toUpperCase()}`
      : r.name;
    taken.add(r.name);
    const alias = name === r.name ? kind : `${kind} as ${kind}${version.toUpperCase()}`;
    (refImports.get(file) ?? (refImports.set(file, new Set()).get(file) as Set<string>)).add(alias);
    const type = name === r.name ? kind : `${kind}${version.toUpperCase()}`;
    refLines.push(
      `export const ${name}: ResourceRef<${type}> = { group: "${group}", version: "${version}", resource: "${r.name}", kind: "${r.kind}", namespaced: ${r.namespaced} };\n`,
    );
  }
}
function fileGroup(group: string): string {
  return group === "internal.apiserver.k8s.io" ? "apiserverinternal" : (group.split(".")[0] as string);
}
const refFrom = [...refImports]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(
    ([f, names]) =>
      `import type { ${[...names].toSorted((a, b) => (a < b ? -1 : 1)).join(", ")} } from "./types/${f}.ts";\n`,
  );
writeFileSync(
  join(out, "refs.ts"),
  `${banner}import type { ResourceRef } from "../resource-ref.ts";\n${refFrom.join("")}\n${refLines.join("")}`,
);
console.log(`${tableLines.length} types in ${files.size} files`);
