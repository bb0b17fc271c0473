/**
 * The types of expressions, and how they are printed.
 * A type may carry `maxElements` (characters, bytes, items or entries at most), which only the estimate of costs reads;
 * two types that differ in nothing else are the same. Fields of an object are read when they are asked for, so that a
 * type may contain itself through a getter.
 */
import { step } from "@kubets/machinery/stretch";
export type CelType =
  | { readonly kind: SimpleKind; readonly maxElements?: number }
  | ListType
  | MapType
  | ObjectType
  | OpaqueType
  | { readonly kind: "type"; readonly of?: CelType; readonly maxElements?: number }
  | { readonly kind: "param"; readonly name: string; readonly maxElements?: number };

export type SimpleKind =
  | "null"
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "timestamp"
  | "duration"
  | "dyn"
  | "error";

export interface ListType {
  readonly kind: "list";
  readonly element: CelType;
  readonly maxElements?: number;
  /** A set or a list map: compared without regard to order, and added to by element or by key. */
  readonly merge?: ListMerge;
}
export type ListMerge = { readonly as: "set" } | { readonly as: "map"; readonly keys: readonly string[] };

export interface MapType {
  readonly kind: "map";
  readonly key: CelType;
  readonly value: CelType;
  readonly maxElements?: number;
}

export interface FieldType {
  readonly type: CelType;
  /** Whether the field must be there; absent means optional. Expressions do not depend on it. */
  readonly required?: boolean;
  /** Where the field's name is an escaped one: the member of the JSON it stands for. */
  readonly member?: string;
}

export interface ObjectType {
  readonly kind: "object";
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly maxElements?: number;
}

/** A type of a library: its values can only be handed to functions. */
export interface OpaqueType {
  readonly kind: "opaque";
  readonly name: string;
  readonly parameters: readonly CelType[];
  readonly maxElements?: number;
}

const simple = (kind: SimpleKind): CelType => ({ kind });
const opaque = (name: string, ...parameters: CelType[]): OpaqueType => ({ kind: "opaque", name, parameters });

export const celTypes = {
  null: simple("null"),
  bool: simple("bool"),
  int: simple("int"),
  uint: simple("uint"),
  double: simple("double"),
  string: simple("string"),
  bytes: simple("bytes"),
  timestamp: simple("timestamp"),
  duration: simple("duration"),
  dyn: simple("dyn"),
  /** The type of what does not check; it fits everywhere, so that one mistake is told once. */
  error: simple("error"),
  type: { kind: "type" } as CelType,
  typeOf: (of: CelType): CelType => ({ kind: "type", of }),
  param: (name: string): CelType => ({ kind: "param", name }),
  list: (element: CelType, options: { maxElements?: number; merge?: ListMerge } = {}): ListType => ({
    kind: "list",
    element,
    ...options,
  }),
  map: (key: CelType, value: CelType, options: { maxElements?: number } = {}): MapType => ({
    kind: "map",
    key,
    value,
    ...options,
  }),
  object: (name: string, fields: Readonly<Record<string, FieldType>>): ObjectType => ({ kind: "object", name, fields }),
  optional: (of: CelType): OpaqueType => opaque("optional_type", of),
  opaque,
  /** The same type with a bound on its size. */
  sized: <T extends CelType>(type: T, maxElements: number): T => ({ ...type, maxElements }),
  url: opaque("kubernetes.URL"),
  ip: opaque("net.IP"),
  cidr: opaque("net.CIDR"),
  quantity: opaque("kubernetes.Quantity"),
  semver: opaque("kubernetes.Semver"),
  format: opaque("kubernetes.NamedFormat"),
  authorizer: opaque("kubernetes.authorization.Authorizer"),
  pathCheck: opaque("kubernetes.authorization.PathCheck"),
  groupCheck: opaque("kubernetes.authorization.GroupCheck"),
  resourceCheck: opaque("kubernetes.authorization.ResourceCheck"),
  decision: opaque("kubernetes.authorization.Decision"),
};

export const isDynamic = (type: CelType): boolean => type.kind === "dyn" || type.kind === "error";

/** The type inside of an optional. */
export const optionalOf = (type: CelType): CelType | undefined =>
  type.kind === "opaque" && type.name === "optional_type" ? type.parameters[0] : undefined;

/** The type as the original prints it in errors. */
export function formatType(type: CelType): string {
  step();
  switch (type.kind) {
    case "list":
      return `list(${formatType(type.element)})`;
    case "map":
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case "object":
      return type.name;
    case "opaque":
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(formatType).join(", ")})`;
    case "type":
      return type.of ? `type(${formatType(type.of)})` : "type";
    case "param":
      return type.name;
    case "error":
      return "!error!";
    default:
      return type.kind;
  }
}

/** The name under which a type's value is known at run time: `type(x)` prints so. */
export function runtimeTypeName(type: CelType): string {
  switch (type.kind) {
    case "null":
      return "null_type";
    case "timestamp":
      return "google.protobuf.Timestamp";
    case "duration":
      return "google.protobuf.Duration";
    case "list":
    case "map":
    case "type":
      return type.kind;
    case "object":
    case "opaque":
    case "param":
      return type.name;
    default:
      return type.kind;
  }
}
