/**
 * Feature gates: what can be switched on or off by name with `--feature-gates A=true,AllBeta=false`.
 * Holds: a gate that was named itself keeps that value, whatever AllAlpha and AllBeta say.
 */
import { parseBool } from "./flag-types.ts";
import { nearest } from "./nearest.ts";

export type GateStage = "alpha" | "beta" | "ga" | "deprecated";

export interface GateSpec {
  readonly default: boolean;
  readonly stage: GateStage;
  /** It cannot be set to anything but its default. */
  readonly lockToDefault?: boolean;
}

export class FeatureGateError extends Error {
  override readonly name = "FeatureGateError";
}

const ALL: Readonly<Record<string, GateStage>> = { AllAlpha: "alpha", AllBeta: "beta" };

export interface FeatureGates<N extends string> {
  enabled(name: N): boolean;
  /** Sets gates from the text of the flag; throws a FeatureGateError and then changes nothing. */
  set(text: string): void;
  setAll(values: Readonly<Record<string, boolean>>): void;
  /** What to tell about gates that were set though they need not be any more. */
  readonly warnings: readonly string[];
  /** Each gate with its stage, and whether it is on. */
  all(): readonly { readonly name: string; readonly stage: GateStage; readonly enabled: boolean }[];
  /** One line for each gate, as help shows them. */
  known(): string[];
  /** The gates that were set, as the flag would be written. */
  toString(): string;
}

export function defineGates<const G extends Readonly<Record<string, GateSpec>>>(
  specs: G,
): FeatureGates<keyof G & string> {
  let given: Record<string, boolean> = {};
  const warnings: string[] = [];

  function enabled(name: string): boolean {
    const spec = specs[name];
    if (!spec) throw new FeatureGateError(`feature ${JSON.stringify(name)} is not registered in the feature gates`);
    const value = given[name] ?? given[spec.stage === "alpha" ? "AllAlpha" : spec.stage === "beta" ? "AllBeta" : ""];
    return spec.lockToDefault ? spec.default : (value ?? spec.default);
  }

  function setAll(values: Readonly<Record<string, boolean>>): void {
    const errors = Object.entries(values).flatMap(([name, value]) => gateProblem(specs, name, value) ?? []);
    const texts = [...new Set(errors)];
    if (texts.length > 0) throw new FeatureGateError(texts.length > 1 ? `[${texts.join(", ")}]` : texts[0]);
    given = { ...given, ...values };
    for (const [name, value] of Object.entries(values)) {
      const stage = Object.hasOwn(specs, name) ? specs[name]?.stage : undefined;
      const shown = stage === "ga" ? "GA" : stage === "deprecated" ? "deprecated" : undefined;
      if (shown)
        warnings.push(`Setting ${shown} feature gate ${name}=${value}. It will be removed in a future release.`);
    }
  }

  return {
    enabled,
    setAll,
    set: (text) => setAll(parseGates(text)),
    warnings,
    all: () => Object.entries(specs).map(([name, { stage }]) => ({ name, stage, enabled: enabled(name) })),
    known: () => knownGates(specs),
    toString: () =>
      Object.entries(given)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join(","),
  };
}

function gateProblem(specs: Readonly<Record<string, GateSpec>>, name: string, value: boolean): string | undefined {
  if (Object.hasOwn(ALL, name)) return undefined;
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (!spec) {
    const meant = nearest(name, Object.keys(specs));
    return `unrecognized feature gate: ${name}${meant === undefined ? "" : `: did you mean ${meant}?`}`;
  }
  return spec.lockToDefault && spec.default !== value
    ? `cannot set feature gate ${name} to ${value}, feature is locked to ${spec.default}`
    : undefined;
}

/** Reads "A=true,B=false", also with the name of the program before each ("kube:A=true"); the names are not looked at. */
export function parseGates(text: string): Record<string, boolean> {
  const values: Record<string, boolean> = {};
  for (const part of text.split(",")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().replace(/^kube:/, "");
    if (equals < 0) throw new FeatureGateError(`missing bool value for ${name}`);
    const value = part.slice(equals + 1).trim();
    try {
      values[name] = parseBool(value);
    } catch (error) {
      throw new FeatureGateError(`invalid value of ${name}=${value}, err: ${(error as Error).message}`);
    }
  }
  return values;
}

/** Those that can be set, as `NAME=true|false (ALPHA - default=false)`. */
function knownGates(specs: Readonly<Record<string, GateSpec>>): string[] {
  const open = Object.entries(specs).filter(([, { stage, lockToDefault }]) => stage !== "ga" && !lockToDefault);
  const all = Object.entries(ALL).map(([name, stage]): [string, GateSpec] => [name, { default: false, stage }]);
  return [...all, ...open]
    .map(([name, spec]) => `${name}=true|false (${spec.stage.toUpperCase()} - default=${spec.default})`)
    .sort();
}
