/**
 * The expressions that select devices: over `device`, with its driver, and its attributes and capacities by domain and name. Each text is
 * compiled once and kept while it is in use.
 */
import {
  adaptDynamic,
  CelEvaluationError,
  type CelValue,
  celTypes,
  formatIssues,
  formatType,
  JsonMap,
  kubernetesEnvironment,
  type ObjectType,
  type Program,
  quantityValue,
  semverValue,
} from "@kubets/cel";
import type { Device, DeviceAttribute } from "../generated/types/resource-v1.ts";

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

const environment = kubernetesEnvironment.extend({ variables: { device: DEVICE } });

export type DeviceExpression = { readonly program: Program } | { readonly error: string };

const kept = new Map<string, DeviceExpression>();

export function deviceExpression(source: string): DeviceExpression {
  let known = kept.get(source);
  if (!known) {
    known = compile(source);
    kept.set(source, known);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  }
  return known;
}

function compile(source: string): DeviceExpression {
  const compiled = environment.compile(source);
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

function attributeValue({ int, bool, string, version }: DeviceAttribute): CelValue {
  if (int !== undefined) return BigInt(int);
  const value = bool ?? string ?? (version === undefined ? undefined : semverValue(version));
  if (value === undefined) throw new CelEvaluationError("unsupported attribute value");
  return value;
}
