/**
 * The expressions that select devices: over `device`, with its driver, and its attributes and capacities by domain and name. What an
 * attribute includes can be asked alike of a list and of a single value. Each text is compiled once and kept while it is in use.
 */
import {
  adaptDynamic,
  CelEvaluationError,
  type CelValue,
  celEquals,
  celTypes,
  formatIssues,
  formatType,
  JsonMap,
  kubernetesEnvironment,
  type Library,
  List,
  type ObjectType,
  type Program,
  quantityValue,
  semverValue,
} from "@kubets/cel";
import type { Device, DeviceAttribute } from "../generated/types/resource-v1.ts";
import { MAX_VALUES } from "./list-attributes.ts";

/** What a selector may cost, by estimate and when it runs. */
export const MAX_COST = 1_000_000;
const MOST_KEPT = 200;

const text = (maxElements: number) => ({ ...celTypes.string, maxElements });
const byDomain = (value: Parameters<typeof celTypes.map>[1]) =>
  celTypes.map(text(63), celTypes.map(text(32), value, { maxElements: 32 }), { maxElements: 32 });

const DEVICE: ObjectType = {
  kind: "object",
  name: "kubernetes.DRADevice",
  fields: {
    driver: { type: text(63), required: true },
    attributes: { type: byDomain({ ...celTypes.dyn, maxElements: 64 }), required: true },
    capacity: { type: byDomain(celTypes.quantity), required: true },
    allowMultipleAllocations: { type: celTypes.bool, required: true },
  },
};

function includes(target: CelValue, wanted: CelValue): boolean {
  if (!(target instanceof List)) return celEquals(target, wanted);
  for (let i = 0; i < target.size; i++) {
    if (i === MAX_VALUES)
      throw new CelEvaluationError(`'includes' function cannot be applied to lists longer than ${MAX_VALUES} values`);
    if (celEquals(target.at(i), wanted)) return true;
  }
  return false;
}

const lists: Library = {
  name: "lists of devices",
  overloads: [
    {
      id: "dra_includes_dyn_dyn",
      name: "includes",
      member: true,
      params: [celTypes.dyn, celTypes.dyn],
      result: celTypes.bool,
      call: includes,
      estimate: () => ({ cost: { min: 0, max: MAX_VALUES } }),
    },
  ],
};

/** What an expression may say. */
export type Words = "all" | "without lists";

const withoutLists = kubernetesEnvironment.extend({ variables: { device: DEVICE } });
const environments = { all: withoutLists.extend({ libraries: [lists] }), "without lists": withoutLists };

export type DeviceExpression = { readonly program: Program } | { readonly error: string };

const kept = new Map<string, DeviceExpression>();

export function deviceExpression(source: string, words: Words = "all"): DeviceExpression {
  const key = `${words}: ${source}`;
  let known = kept.get(key);
  if (!known) {
    known = compile(source, words);
    kept.set(key, known);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  }
  return known;
}

function compile(source: string, words: Words): DeviceExpression {
  const compiled = environments[words].compile(source);
  if (!compiled.ok) return { error: `compilation failed: ${formatIssues(compiled.errors)}` };
  const { type } = compiled.program;
  if (type.kind !== "bool" && type.kind !== "dyn")
    return { error: `must evaluate to bool or the unknown type, not ${formatType(type)}` };
  return { program: compiled.program };
}

/** Throws a CelEvaluationError where the expression has no answer for the device. */
export function deviceMatches(program: Program, driver: string, device: Device): boolean {
  const known = {
    driver,
    attributes: domains(driver, device.attributes, attributeValue),
    capacity: domains(driver, device.capacity, ({ value }) => quantityValue(value)),
    allowMultipleAllocations: device.allowMultipleAllocations ?? false,
  };
  const answer = program.evaluate({ device: known }, { limit: MAX_COST });
  if (typeof answer !== "boolean") throw new CelEvaluationError("the result is no bool");
  return answer;
}

const EMPTY = new JsonMap({}, adaptDynamic);

/** A domain of which nothing is told is there, and empty. */
class Domains extends JsonMap {
  override field(name: string): CelValue {
    return super.field(name) ?? EMPTY;
  }
}

/** What has no domain in its name has that of the driver. */
function domains<T>(driver: string, values: Readonly<Record<string, T>> = {}, read: (value: T) => CelValue): Domains {
  const all: Record<string, Record<string, CelValue>> = Object.create(null);
  for (const [name, value] of Object.entries(values)) {
    const slash = name.indexOf("/");
    const domain = slash < 0 ? driver : name.slice(0, slash);
    const own = (all[domain] ??= Object.create(null) as Record<string, CelValue>);
    own[name.slice(slash + 1)] = read(value);
  }
  return new Domains(all, adaptDynamic);
}

function attributeValue(attribute: DeviceAttribute): CelValue {
  const { int, bool, string, version, ints, bools, strings, versions } = attribute;
  const list = ints?.map(BigInt) ?? bools ?? strings ?? versions?.map((each) => semverValue(each));
  if (list) return new List(list);
  if (int !== undefined) return BigInt(int);
  const value = bool ?? string ?? (version === undefined ? undefined : semverValue(version));
  if (value === undefined) throw new CelEvaluationError("unsupported attribute value");
  return value;
}
