/** A scheduler by name: which plugins take part at which point, in which order, with which weight. Made once from the configuration. */
import type { PluginMeter } from "./instrumented.ts";
import type { Plugin } from "./plugin.ts";

export type ExtensionPoint =
  | "preEnqueue"
  | "queueSort"
  | "preFilter"
  | "filter"
  | "postFilter"
  | "preScore"
  | "score"
  | "placementGenerate"
  | "placementScore"
  | "reserve"
  | "permit"
  | "preBind"
  | "bind"
  | "postBind";

export const EXTENSION_POINTS: readonly ExtensionPoint[] = [
  "preEnqueue",
  "queueSort",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "placementGenerate",
  "placementScore",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind",
];

/** A plugin that surely has the method of its point. */
export type With<P extends ExtensionPoint> = Plugin & Required<Pick<Plugin, P>>;

export type LocalPlugin = Plugin & Required<Pick<Plugin, "dependsOn">>;

export type Points = { readonly [P in ExtensionPoint]: readonly With<P>[] };

export interface Profile {
  readonly schedulerName: string;
  /** 0: by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  readonly points: Points;
  readonly weights: ReadonlyMap<string, number>;
  readonly placementWeights: ReadonlyMap<string, number>;
  /** Every plugin that is in at some point, once. */
  readonly plugins: readonly Plugin[];
  /** Told how long its plugins take. */
  readonly meter?: PluginMeter;
  /** Those that say what of a pod their answers depend on. */
  readonly local: readonly LocalPlugin[];
}

/** What has the method of a point takes part in it. */
export const takesPart = <P extends ExtensionPoint>(plugin: Plugin, point: P): plugin is With<P> =>
  typeof plugin[point] === "function";
