/**
 * The gates of v1.36 as a component is given them: those that were named, with AllAlpha and AllBeta among them; the others are as by default.
 * Names that are none are let pass: those of features that are settled by now are still given.
 */
import { kubernetesGates } from "./kubernetes-gates.ts";

export type GivenGates = Readonly<Record<string, boolean>>;

/** By which every component tells its histograms in native buckets, too. */
export const NATIVE_HISTOGRAMS = "NativeHistograms";

export function isOpen(name: string, given: GivenGates): boolean {
  const { stage, default: usual = false } = kubernetesGates[name] ?? {};
  const all = stage === "alpha" ? given["AllAlpha"] : stage === "beta" ? given["AllBeta"] : undefined;
  return given[name] ?? all ?? usual;
}

/** What to tell who opens features that a component of the original has, and this one does not. */
export const missingFeatures = (notThere: readonly string[], given: GivenGates): string[] =>
  notThere.filter((name) => given[name]).map((name) => `Feature ${name} is not there: it stays off.`);
