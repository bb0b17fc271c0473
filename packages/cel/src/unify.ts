/**
 * Which types fit where: type parameters are bound to what they meet, dyn fits everywhere, null fits objects, times and
 * what libraries have.
 * Holds: a check that fails binds nothing.
 */
import { step } from "@kubets/machinery/stretch";
import { type CelType, celTypes, isDynamic } from "./types.ts";

export class Bindings {
  readonly #bound = new Map<string, CelType>();
  /** What was bound before, change by change. */
  readonly #changes: [name: string, type: CelType | undefined][] = [];
  #fresh = 0;

  /** A type parameter that is not in use. */
  fresh(): CelType {
    return celTypes.param(`_var${this.#fresh++}`);
  }

  /** Whether a value of this type can be used where the other is wanted. */
  assignable(value: CelType, wanted: CelType): boolean {
    return this.#tried(() => this.#fits(value, wanted));
  }

  allAssignable(values: readonly CelType[], wanted: readonly CelType[]): boolean {
    return this.#tried(() => this.#allFit(values, wanted));
  }

  /** Takes back what was bound where it does not fit after all. */
  #tried(fit: () => boolean): boolean {
    const before = this.#changes.length;
    if (fit()) return true;
    for (const [name, type] of this.#changes.splice(before).toReversed()) {
      if (type) this.#bound.set(name, type);
      else this.#bound.delete(name);
    }
    return false;
  }

  #set(name: string, type: CelType): void {
    this.#changes.push([name, this.#bound.get(name)]);
    this.#bound.set(name, type);
  }

  /** The type with its parameters replaced; those that nothing binds become dyn if asked for. */
  resolve(type: CelType, toDyn: boolean): CelType {
    return substitute(type, (param) => {
      const bound = this.#bound.get(param.name);
      return bound ? this.resolve(bound, toDyn) : toDyn ? celTypes.dyn : param;
    });
  }

  /** The overload's types with parameters that nothing else uses. */
  instantiate(types: readonly CelType[]): CelType[] {
    const own = new Map<string, CelType>();
    const replace = (param: { name: string }) => {
      const known = own.get(param.name) ?? this.fresh();
      own.set(param.name, known);
      return known;
    };
    return types.map((type) => substitute(type, replace));
  }

  #allFit(values: readonly CelType[], wanted: readonly CelType[]): boolean {
    return values.length === wanted.length && values.every((value, i) => this.#fits(value, wanted[i] as CelType));
  }

  #fits(value: CelType, wanted: CelType): boolean {
    if (wanted.kind === "param") {
      const bound = this.#bind(value, wanted);
      if (bound !== "unbindable") return bound;
    }
    if (value.kind === "param") return this.#bind(wanted, value) === true;
    if (isDynamic(value) || isDynamic(wanted)) return true;
    if (value.kind === "null") return nullFits(wanted);
    if (wanted.kind === "null") return nullFits(value);
    if (value.kind !== wanted.kind) return false;
    if (value.kind === "object") return value.name === (wanted as typeof value).name;
    if (value.kind === "opaque") {
      const other = wanted as typeof value;
      return value.name === other.name && this.#allFit(value.parameters, other.parameters);
    }
    return this.#allFit(inner(value), inner(wanted));
  }

  /** Whether the parameter can stand for this type; "unbindable" if nothing is known of it and it occurs in the type. */
  #bind(type: CelType, param: { readonly name: string }): boolean | "unbindable" {
    if (type.kind === "param" && type.name === param.name) return true;
    const known = this.#bound.get(param.name);
    if (known) {
      if (!this.#fits(type, known)) return false;
      const general = lessSpecific(type, known) ? type : known;
      if (!this.#occurs(param.name, general)) this.#set(param.name, general);
      return true;
    }
    if (this.#occurs(param.name, type)) return "unbindable";
    this.#set(param.name, type);
    return true;
  }

  #occurs(name: string, type: CelType): boolean {
    if (type.kind === "param") {
      const bound = this.#bound.get(type.name);
      return type.name === name || (bound !== undefined && this.#occurs(name, bound));
    }
    const parts = type.kind === "type" && type.of ? [type.of] : inner(type);
    return parts.some((part) => this.#occurs(name, part));
  }
}

/** Whether the first type says no more than the second. */
export function lessSpecific(a: CelType, b: CelType): boolean {
  if (isDynamic(a) || a.kind === "param") return true;
  if (isDynamic(b) || b.kind === "param") return false;
  if (a.kind !== b.kind) return false;
  if (a.kind === "null" || a.kind === "type") return true;
  if (a.kind === "object") return a.name === (b as typeof a).name;
  if (a.kind === "opaque" && a.name !== (b as typeof a).name) return false;
  const others = inner(b);
  return inner(a).every((part, i) => others[i] !== undefined && lessSpecific(part, others[i]));
}

/** Whether both are the same type. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "object" || a.kind === "param" || a.kind === "opaque") {
    if (a.name !== (b as typeof a).name) return false;
  }
  const others = inner(b);
  const parts = inner(a);
  return parts.length === others.length && parts.every((part, i) => sameType(part, others[i] as CelType));
}

function nullFits(type: CelType): boolean {
  return ["null", "object", "opaque", "timestamp", "duration"].includes(type.kind);
}

/** A type may hold another one twice, and that one, and so on: walks over such are long. */
function inner(type: CelType): readonly CelType[] {
  step(2);
  if (type.kind === "list") return [type.element];
  if (type.kind === "map") return [type.key, type.value];
  if (type.kind === "opaque") return type.parameters;
  return [];
}

function substitute(type: CelType, replace: (param: CelType & { kind: "param" }) => CelType): CelType {
  step(2);
  switch (type.kind) {
    case "param":
      return replace(type);
    case "list": {
      const element = substitute(type.element, replace);
      return element === type.element ? type : { ...type, element };
    }
    case "map": {
      const [key, value] = [substitute(type.key, replace), substitute(type.value, replace)];
      return key === type.key && value === type.value ? type : { ...type, key, value };
    }
    case "opaque":
      return type.parameters.length === 0
        ? type
        : { ...type, parameters: type.parameters.map((part) => substitute(part, replace)) };
    case "type":
      return type.of ? { ...type, of: substitute(type.of, replace) } : type;
    default:
      return type;
  }
}
