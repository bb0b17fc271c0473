/** What a scheduler is configured by, with everything filled in. */
import type { ExtensionPoint } from "../framework/profile.ts";
import type { EnabledPlugin } from "./default-plugins.ts";
import type { ExtenderConfig } from "./extender-config.ts";

export interface SchedulerConfig {
  readonly profiles: readonly ProfileConfig[];
  /** 0: by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  readonly podInitialBackoffSeconds: number;
  readonly podMaxBackoffSeconds: number;
  readonly extenders: readonly ExtenderConfig[];
}

export interface ProfileConfig {
  readonly schedulerName: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins: Readonly<Partial<Record<PluginPoint, PluginSet>>>;
  readonly pluginConfig: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export type PluginPoint = ExtensionPoint | "multiPoint";

export interface PluginSet {
  readonly enabled: readonly EnabledPlugin[];
  /** "*" for all that are on by default. */
  readonly disabled: readonly string[];
}

export const defaultConfig: SchedulerConfig = {
  profiles: [{ schedulerName: "default-scheduler", plugins: {}, pluginConfig: {} }],
  percentageOfNodesToScore: 0,
  podInitialBackoffSeconds: 1,
  podMaxBackoffSeconds: 10,
  extenders: [],
};
