/**
 * Looks through a value that decode.ts found something wrong with, in the order of the document, and says it in Go's words: which fields
 * its kind lacks, and the first value of a wrong type. Values that check their own text (quantities, times) are told before others,
 * since Go stops at them and only remembers the rest.
 */
import { parseDurationNanos } from "@kubets/machinery/duration";
import { WrittenFloat } from "@kubets/machinery/json";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { PlainObject } from "../meta.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import { unknownFields } from "../structural/prune.ts";
import { placeText, type Schema } from "../structural/schema.ts";
import { canonicalBase64 } from "./base64.ts";

import { goFieldType, goPathOf, goType, simpleName } from "./go-types.ts";
import { canonicalMicroTime, canonicalTime } from "./time.ts";

export class DecodeError extends Error {}

/** As many unknown fields as are told. */
const MOST_UNKNOWN = 100;

interface Report {
  readonly unknown: readonly string[];
  readonly error: string | undefined;
}

export function report(struct: Struct, value: unknown): Report {
  const walk = new Walk();
  try {
    walk.value({ kind: "struct", name: struct.name, struct }, value, { struct, path: "", goPath: "", type: "" });
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { unknown: walk.unknown, error: error.message };
  }
  return { unknown: walk.unknown, error: walk.saved };
}

/** Where the walk stands: the struct whose field it looks at, and the ways to it as clients and as Go write them. */
interface Place {
  readonly struct: Struct;
  readonly path: string;
  readonly goPath: string;
  /** Go's name of the type, where the field gives it one. */
  readonly type: string;
}

/** Ends the walk. */
class Stop extends Error {}

class Walk {
  readonly unknown: string[] = [];
  saved: string | undefined;
  /** Inside what is decoded apart, unknown fields are not told. */
  #apart = 0;

  value(type: TypeRef, value: unknown, place: Place): void {
    if (value === null || value === undefined) return;
    switch (type.kind) {
      case "struct":
        if (isObject(value)) this.#fields(type.struct, value, place);
        else this.#save(place, jsonKind(value), goType(type));
        break;
      case "list":
        if (!Array.isArray(value)) this.#save(place, jsonKind(value), goType(type));
        else
          for (const [i, item] of value.entries())
            this.value(type.item, item, { ...place, path: `${place.path}[${i}]`, type: "" });
        break;
      case "map":
        if (!isObject(value)) this.#save(place, jsonKind(value), goType(type));
        else
          for (const [key, item] of Object.entries(value))
            this.value(type.value, item, { ...place, path: join(place.path, key), type: "" });
        break;
      case "scalar":
        this.#scalar(type.scalar, value, place);
        break;
      case "schemaOr":
        this.#schemaOr(type, value, place);
        break;
    }
  }

  #fields(struct: Struct, object: PlainObject, place: Place): void {
    if (struct.open) return this.#open(struct, object);
    for (const [key, value] of Object.entries(object)) {
      const path = join(place.path, key);
      const field = struct.byName.get(key);
      if (field) this.value(field.type, value, this.#at(struct, field, place, path));
      else if (this.#apart === 0 && this.unknown.length < MOST_UNKNOWN) this.unknown.push(path);
    }
  }

  #open(struct: Struct, object: PlainObject): void {
    const metadata = struct.byName.get("metadata") as Field;
    const inMetadata: string[] = [];
    const found = unknownFields(struct.open as Schema, object, {
      metadata: (value, at) => {
        if (at?.parent === undefined) {
          this.value(metadata.type, value, this.#at(struct, metadata, nowhere(struct), "metadata"));
          return value;
        }
        const path = placeText(at);
        const { unknown, error } = report((metadata.type as TypeRef & { kind: "struct" }).struct, value);
        if (error !== undefined) throw new Stop(`${path}: Invalid value: ${JSON.stringify(value)}: ${error}`);
        inMetadata.push(...unknown.map((name) => `${path}.${name}`));
        return value;
      },
      text: (value, at) => {
        if (typeof value === "string") return value;
        throw new Stop(`${placeText(at)}: Invalid value: ${JSON.stringify(value)}: must be a string`);
      },
    });
    this.unknown.unshift(...found.slice(0, MOST_UNKNOWN));
    this.unknown.push(...inMetadata);
  }

  #at(struct: Struct, field: Field, place: Place, path: string): Place {
    return { struct, path, goPath: join(place.goPath, goPathOf(struct, field)), type: goFieldType(struct, field) };
  }

  #scalar(scalar: Scalar, value: unknown, place: Place): void {
    switch (scalar) {
      case "string":
        if (typeof value !== "string") this.#save(place, jsonKind(value), place.type || "string");
        break;
      case "bool":
        if (typeof value !== "boolean") this.#save(place, jsonKind(value), "bool");
        break;
      case "int32":
      case "int64":
      case "double":
        if (!isNumberOf(scalar, value)) this.#save(place, numberOrKind(value), goType({ kind: "scalar", scalar }));
        break;
      case "bytes":
        if (typeof value !== "string") this.#save(place, jsonKind(value), "[]uint8");
        else this.saved ??= messageOf(() => canonicalBase64(value));
        break;
      case "intOrString":
        if (typeof value !== "string" && !isNumberOf("int32", value)) this.#stop(place, numberOrKind(value), "int32");
        break;
      case "quantity":
        stopOn(() =>
          parseQuantity(
            value instanceof WrittenFloat ? value.source : typeof value === "object" ? "{}" : String(value).trim(),
          ),
        );
        break;
      default:
        if (typeof value !== "string") this.#stop(place, jsonKind(value), "string");
        stopOn(() => OF_TEXT[scalar](value));
    }
  }

  #schemaOr(type: TypeRef & { kind: "schemaOr" }, value: unknown, place: Place): void {
    this.#apart++;
    if (isObject(value)) this.#fields(type.struct, value, place);
    else if (Array.isArray(value) && type.or === "schemas")
      for (const item of value)
        this.value({ kind: "struct", name: type.struct.name, struct: type.struct }, item, place);
    else if (Array.isArray(value) && type.or === "strings")
      for (const item of value) this.#scalar("string", item ?? "", { ...place, type: "" });
    else if (type.or === "bool" && typeof value !== "boolean") throw new Stop("boolean or JSON schema expected");
    else if (typeof value !== "boolean") this.#stop(place, jsonKind(value), goType(type));
    this.#apart--;
  }

  #save(place: Place, found: string, type: string): void {
    this.saved ??= wrongType(place, found, type);
  }

  #stop(place: Place, found: string, type: string): never {
    throw new Stop(wrongType(place, found, type));
  }
}

const nowhere = (struct: Struct): Place => ({ struct, path: "", goPath: "", type: "" });

const OF_TEXT = { time: canonicalTime, microtime: canonicalMicroTime, duration: parseDurationNanos };

const wrongType = ({ struct, goPath }: Place, found: string, type: string) =>
  goPath
    ? `json: cannot unmarshal ${found} into Go struct field ${simpleName(struct.name)}.${goPath} of type ${type}`
    : `json: cannot unmarshal ${found} into Go value of type ${type}`;

const join = (path: string, key: string) => (path ? `${path}.${key}` : key);
const isObject = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value instanceof WrittenFloat) return "number";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "number":
    case "bigint":
      return "number";
    default:
      return "object";
  }
}

const numberOrKind = (value: unknown) =>
  value instanceof WrittenFloat
    ? `number ${value.source}`
    : typeof value === "bigint" || typeof value === "number"
      ? `number ${numberText(value)}`
      : jsonKind(value);

/** The digits of a number: large whole ones without an exponent, as they are mostly written. */
const numberText = (value: number | bigint) =>
  typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e30
    ? String(BigInt(value))
    : String(value);

function isNumberOf(scalar: "int32" | "int64" | "double", value: unknown): boolean {
  if (value instanceof WrittenFloat) return scalar === "double";
  if (typeof value !== "number" && typeof value !== "bigint") return false;
  if (scalar === "double") return Number.isFinite(Number(value));
  if (typeof value === "number" && !Number.isInteger(value)) return false;
  const bits = scalar === "int32" ? 31n : 63n;
  const exact = BigInt(value);
  return exact < 2n ** bits && exact >= -(2n ** bits);
}

function messageOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function stopOn(check: () => unknown): void {
  const message = messageOf(check);
  if (message !== undefined) throw new Stop(message);
}
