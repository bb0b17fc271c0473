/** The bare facts of the published API as the generator reads them, and what it calls their types. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Property {
  $ref?: string;
  type?: string;
  format?: string;
  items?: Property;
  additionalProperties?: Property;
  default?: unknown;
  [extension: `x-kubernetes-${string}`]: unknown;
}
export interface TypeFacts extends Property {
  properties?: Record<string, Property>;
  required?: string[];
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}
export interface ResourceList {
  groupVersion: string;
  resources: { name: string; kind: string; group?: string; version?: string; namespaced: boolean }[];
}
type ProtoFields = Record<string, [number, string, string?]>;

export const facts = process.argv[2] ?? "../shared/facts";
export const read = <T>(file: string): T => JSON.parse(readFileSync(join(facts, file), "utf8")) as T;
export const types = read<Record<string, TypeFacts>>("types.json");
export const { messages } = read<{ messages: Record<string, ProtoFields> }>("proto-kubernetes.json");

export const short = (name: string) => name.replace(/^io\.k8s\./, "");
export const refName = (ref: string) => ref.slice(ref.lastIndexOf("/") + 1);
export const words = (text: string | undefined) => new Set((text ?? "").split(" ").filter(Boolean));

/** Types that JSON holds as something else than a struct of fields, by the letter of the tables. */
export const SPECIAL: Record<string, string> = {
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
