export type { SchedulerConfig } from "./config/config.ts";
export { type LoadedConfig, loadConfig, parseConfig } from "./config/config-file.ts";
export type { DecisionReport } from "./decisions.ts";
export type { Handle, PluginFactory, Registry } from "./framework/handle.ts";
export type { Plugin } from "./framework/plugin.ts";
export { type RunningScheduler, type SchedulerOptions, startScheduler } from "./scheduler.ts";
