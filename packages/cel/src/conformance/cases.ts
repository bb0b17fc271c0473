/** The language's published test data: read into cases, with their values as this package has them. */
import type { Library } from "../declarations.ts";
import { parseDurationValue, parseTimestamp } from "../time-values.ts";
import { type CelType, celTypes } from "../types.ts";
import { type CelValue, KeyedMap, List, TypeValue, Uint } from "../values.ts";

export interface ConformanceCase {
  readonly path: string;
  readonly expr: string;
  readonly check: boolean;
  readonly variables: Readonly<Record<string, CelType>>;
  readonly functions: Library["overloads"];
  readonly bindings: Readonly<Record<string, CelValue>>;
  readonly want: { readonly value: CelValue } | { readonly fails: true } | undefined;
  readonly wantType: string | undefined;
  readonly error: string | undefined;
  /** What the case needs of protobuf, if anything. */
  readonly needs: string | undefined;
}

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly Serialized[];
}
interface Serialized {
  readonly original: Original;
  readonly type?: string;
  readonly error?: string;
}
interface Original {
  readonly name?: string;
  readonly expr: string;
  readonly disableCheck?: boolean;
  readonly checkOnly?: boolean;
  readonly container?: string;
  readonly typeEnv?: readonly Declaration[];
  readonly bindings?: Readonly<Record<string, { value?: Wire }>>;
  readonly value?: Wire;
  readonly evalError?: object;
  readonly typedResult?: { result?: Wire };
}
interface Declaration {
  readonly name: string;
  readonly ident?: { type: WireType };
  readonly function?: {
    overloads: { overloadId: string; params?: WireType[]; resultType: WireType; isInstanceFunction?: boolean }[];
  };
}
type WireType = Readonly<Record<string, unknown>>;
type Wire = Readonly<Record<string, unknown>>;

/** Thrown for what only protobuf has. */
class Needs extends Error {}

/** The cases of a suite of @bufbuild/cel-spec. */
export function casesOf(suite: object): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  const walk = ({ suites = [], tests = [], name }: Suite, path: string): void => {
    for (const test of tests) cases.push(caseOf(test, `${path}${name}/${test.original.name ?? test.original.expr}`));
    for (const inner of suites) walk(inner, `${path}${name}/`);
  };
  walk(suite as Suite, "");
  return cases;
}

function caseOf({ original, type, error }: Serialized, path: string): ConformanceCase {
  const base = {
    path,
    expr: original.expr,
    check: original.disableCheck !== true,
    wantType: type,
    error,
  };
  try {
    return {
      ...base,
      needs: original.container ? `container ${original.container}` : undefined,
      variables: Object.fromEntries(
        (original.typeEnv ?? []).flatMap(({ name, ident }) => (ident ? [[name, typeOf(ident.type)]] : [])),
      ),
      functions: (original.typeEnv ?? []).flatMap(functionsOf),
      bindings: Object.fromEntries(
        Object.entries(original.bindings ?? {}).map(([name, { value }]) => [name, valueOf(value ?? {})]),
      ),
      want: wanted(original),
    };
  } catch (reason) {
    if (!(reason instanceof Needs)) throw reason;
    return { ...base, needs: reason.message, variables: {}, functions: [], bindings: {}, want: undefined };
  }
}

function wanted(original: Original): ConformanceCase["want"] {
  if (original.evalError) return { fails: true };
  if (original.checkOnly) return undefined;
  const value = original.value ?? original.typedResult?.result ?? { boolValue: true };
  return { value: valueOf(value) };
}

function functionsOf({ name, function: declared }: Declaration): Library["overloads"] {
  return (declared?.overloads ?? []).map((overload) => ({
    id: overload.overloadId,
    name,
    member: overload.isInstanceFunction === true,
    params: (overload.params ?? []).map(typeOf),
    result: typeOf(overload.resultType),
    call: () => null,
  }));
}

const PRIMITIVES: Readonly<Record<string, CelType>> = {
  BOOL: celTypes.bool,
  INT64: celTypes.int,
  UINT64: celTypes.uint,
  DOUBLE: celTypes.double,
  STRING: celTypes.string,
  BYTES: celTypes.bytes,
  TIMESTAMP: celTypes.timestamp,
  DURATION: celTypes.duration,
};

function typeOf(wire: WireType): CelType {
  const [[kind, content]] = Object.entries(wire) as [[string, unknown]];
  const inner = content as Record<string, WireType & string>;
  switch (kind) {
    case "primitive":
    case "wellKnown": {
      const known = PRIMITIVES[content as string];
      if (known) return known;
      break;
    }
    case "messageType": {
      const known = PRIMITIVES[String(content).replace("google.protobuf.", "").toUpperCase()];
      if (known) return known;
      break;
    }
    case "dyn":
      return celTypes.dyn;
    case "null":
      return celTypes.null;
    case "type":
      return celTypes.type;
    case "typeParam":
      return celTypes.param(content as string);
    case "listType":
      return celTypes.list(typeOf(inner.elemType as WireType));
    case "mapType":
      return celTypes.map(typeOf(inner.keyType as WireType), typeOf(inner.valueType as WireType));
    case "abstractType": {
      const { name, parameterTypes = [] } = content as { name: string; parameterTypes?: WireType[] };
      return celTypes.opaque(name, ...parameterTypes.map(typeOf));
    }
  }
  throw new Needs(`${kind} ${JSON.stringify(content)}`);
}

function valueOf(wire: Wire): CelValue {
  const [[kind, content]] = Object.entries(wire) as [[string, unknown]];
  switch (kind) {
    case "nullValue":
      return null;
    case "boolValue":
    case "stringValue":
      return content as CelValue;
    case "int64Value":
      return BigInt(content as string);
    case "uint64Value":
      return new Uint(BigInt(content as string));
    case "doubleValue":
      return Number(content);
    case "bytesValue":
      return new Uint8Array(Buffer.from(content as string, "base64"));
    case "typeValue":
      return new TypeValue(content as string);
    case "listValue":
      return new List(((content as { values?: Wire[] }).values ?? []).map(valueOf));
    case "mapValue": {
      const { entries = [] } = content as { entries?: { key: Wire; value: Wire }[] };
      return KeyedMap.of(entries.map(({ key, value }) => [valueOf(key), valueOf(value)] as const));
    }
    case "objectValue": {
      const message = content as { "@type": string; value: unknown };
      const name = message["@type"].split("/").at(-1);
      const text = String(message.value);
      const time = name === "google.protobuf.Timestamp" ? parseTimestamp(text) : undefined;
      const span = name === "google.protobuf.Duration" ? parseDurationValue(text) : undefined;
      if (time ?? span) return (time ?? span) as CelValue;
    }
  }
  throw new Needs(`${kind} ${JSON.stringify(content)}`);
}
