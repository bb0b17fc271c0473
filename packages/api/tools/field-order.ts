/** What no schema says of the fields of types: the order in which they are written, and their numbers in protobuf. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { facts, messages, type Property, read, refName, short, types } from "./published-facts.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The order in which each type writes its fields, as seen in objects whose every field is filled. */
export function observedOrder(): Map<string, string[]> {
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
export function protoNumbers(name: string, properties: Record<string, Property>): Map<string, string> {
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
