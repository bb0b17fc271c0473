/**
 * Structs for kinds that no published schema lists, made of the facts of their protobuf messages and of an example that has every field: the order and the
 * JSON names are the example's, numbers and types the message's. Parts whose type the tables have are those of the tables.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlainObject } from "../meta.ts";
import { hasStruct, makeStruct, type Scalar, type Struct, structOf, type TypeRef } from "../schema.ts";

type Message = Readonly<Record<string, readonly [number: number, type: string]>>;
type Messages = Readonly<Record<string, Message>>;

const PACKAGES = "k8s.io.";
const SCALARS: Readonly<Record<string, Scalar>> = {
  string: "string",
  int32: "int32",
  int64: "int64",
  bool: "bool",
  bytes: "bytes",
  "apimachinery.pkg.apis.meta.v1.MicroTime": "microtime",
  "apimachinery.pkg.apis.meta.v1.Time": "time",
  "apimachinery.pkg.api.resource.Quantity": "quantity",
  "apimachinery.pkg.util.intstr.IntOrString": "intOrString",
};

/** The messages of the facts. */
export function readMessages(facts: string): Messages {
  const text = readFileSync(join(facts, "proto-kubernetes.json"), "utf8");
  return (JSON.parse(text) as { messages: Messages }).messages;
}

export const hasMessage = (messages: Messages, name: string): boolean => Object.hasOwn(messages, PACKAGES + name);

/** The struct of a message, by its name without "k8s.io.". */
export function structLike(messages: Messages, name: string, example: PlainObject): Struct {
  const fields = Object.entries(example).map(([key, value]) => {
    const place = placeOf(messages, name, key, new Set(Object.keys(example)));
    if (!place && key !== "kind" && key !== "apiVersion") throw new Error(`the message ${name} has no field ${key}`);
    const type: TypeRef = place ? typeLike(messages, place.type, value) : { kind: "scalar", scalar: "string" };
    return { name: key, type, proto: place?.numbers ?? [], always: false, required: false, pointer: false };
  });
  return makeStruct(name, fields);
}

/** The type of a field and the numbers on the way to it: more than one where it stands in a message that JSON does not name. */
function placeOf(
  messages: Messages,
  owner: string,
  key: string,
  named: ReadonlySet<string>,
): { type: string; numbers: number[] } | undefined {
  const fields = Object.entries(messages[PACKAGES + owner] ?? {});
  const own = fields.find(([field]) => field.toLowerCase() === key.toLowerCase());
  if (own) return { type: fullName(owner, own[1][1]), numbers: [own[1][0]] };
  for (const [field, [number, type]] of fields) {
    const below = !named.has(field) && isMessage(type) && placeOf(messages, fullName(owner, type), key, named);
    if (below) return { ...below, numbers: [number, ...below.numbers] };
  }
  return undefined;
}

function typeLike(messages: Messages, type: string, value: unknown): TypeRef {
  const [, inMap] = /^map<string,(.*)>$/.exec(type) ?? [];
  if (inMap) return { kind: "map", value: typeLike(messages, inMap, Object.values(value as PlainObject)[0]) };
  if (Array.isArray(value)) {
    // As the value of a map a list has a message of its own, with the one field `items`.
    const ofItems = messages[PACKAGES + type]?.["items"]?.[1];
    return { kind: "list", item: typeLike(messages, ofItems ?? type, value[0]) };
  }
  const scalar = SCALARS[type];
  if (scalar) return { kind: "scalar", scalar };
  if (type === "apimachinery.pkg.runtime.RawExtension") return { kind: "raw" };
  const struct = hasStruct(type) ? structOf(type) : structLike(messages, type, value as PlainObject);
  return { kind: "struct", name: type, struct };
}

const isMessage = (type: string) => /^[.A-Z]/.test(type);

/** The name of a field's type, that of a message whole and without "k8s.io.". */
function fullName(owner: string, type: string): string {
  if (type.startsWith("map<")) return `map<string,${fullName(owner, type.slice("map<string,".length, -1))}>`;
  if (!isMessage(type)) return type;
  return type.startsWith(".") ? type.slice(1 + PACKAGES.length) : `${owner.slice(0, owner.lastIndexOf("."))}.${type}`;
}
