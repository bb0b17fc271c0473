/**
 * Makes a profile: the plugins of `multiPoint` (the default ones unless disabled, then one's own) take part wherever they can; a point
 * may leave some out, or put others in front of what it has.
 */
import { ConfigError } from "@kubets/machinery/config-file";
import type { Handle, Registry } from "../framework/handle.ts";
import type { Plugin } from "../framework/plugin.ts";
import {
  EXTENSION_POINTS,
  type ExtensionPoint,
  type LocalPlugin,
  type Points,
  type Profile,
  takesPart,
} from "../framework/profile.ts";
import { type PluginSet, type ProfileConfig } from "./config.ts";
import { defaultPlugins, type EnabledPlugin } from "./default-plugins.ts";

const NOTHING: PluginSet = { enabled: [], disabled: [] };

export function buildProfile(
  config: ProfileConfig,
  percentageOfNodesToScore: number,
  registry: Registry,
  handle: Handle,
): Profile {
  const made = new Map<string, Plugin>();
  const make = (name: string): Plugin => {
    let plugin = made.get(name);
    if (!plugin) {
      const factory = registry[name];
      if (!factory) throw new ConfigError(`there is no plugin ${JSON.stringify(name)}`);
      plugin = factory(handle, config.pluginConfig[name] ?? {});
      made.set(name, plugin);
    }
    return plugin;
  };

  const everywhere = merge(
    defaultPlugins(handle.featureGates).filter(({ name }) => registry[name]),
    config.plugins.multiPoint ?? NOTHING,
  );
  const weights = new Map<string, number>();
  const placementWeights = new Map<string, number>();
  const points: Partial<Record<ExtensionPoint, Plugin[]>> = {};
  for (const point of EXTENSION_POINTS) {
    const { enabled, disabled } = config.plugins[point] ?? NOTHING;
    const own = new Set(enabled.map(({ name }) => name));
    const rest = disabled.includes("*")
      ? []
      : everywhere.filter(({ name }) => !disabled.includes(name) && !own.has(name) && takesPart(make(name), point));
    const chosen = [...enabled, ...rest];
    for (const { name } of enabled)
      if (!takesPart(make(name), point)) throw new ConfigError(`plugin ${name} takes no part in ${point}`);
    points[point] = chosen.map(({ name }) => make(name));
    if (point === "score") for (const { name, weight = 1 } of chosen) weights.set(name, weight);
    if (point === "placementScore") for (const { name, weight = 1 } of chosen) placementWeights.set(name, weight);
  }
  check(points as Points, config.schedulerName);
  const plugins = new Set(EXTENSION_POINTS.flatMap((point) => points[point] ?? []));
  return {
    schedulerName: config.schedulerName,
    percentageOfNodesToScore: config.percentageOfNodesToScore ?? percentageOfNodesToScore,
    points: points as Points,
    weights,
    placementWeights,
    plugins: [...plugins],
    local: [...plugins].filter((plugin): plugin is LocalPlugin => plugin.dependsOn !== undefined),
  };
}

/** Defaults stay where they are, with one's own weight where one is given; what is new comes after them. */
function merge(defaults: readonly EnabledPlugin[], { enabled, disabled }: PluginSet): EnabledPlugin[] {
  const own = new Map(enabled.map((plugin) => [plugin.name, plugin]));
  const kept = disabled.includes("*") ? [] : defaults.filter(({ name }) => !disabled.includes(name));
  const replaced = kept.map((plugin) => own.get(plugin.name) ?? plugin);
  const there = new Set(replaced.map(({ name }) => name));
  return [...replaced, ...enabled.filter(({ name }) => !there.has(name))];
}

function check({ queueSort, bind }: Points, name: string): void {
  if (queueSort.length !== 1)
    throw new ConfigError(`profile ${name} must have exactly one queueSort plugin, it has ${queueSort.length}`);
  if (bind.length === 0) throw new ConfigError(`profile ${name} must have a bind plugin`);
}
