/**
 * A user's own plugin: a TypeScript file that the configuration names in the place of a plugin's name ("./prefer-quiet.ts", relative to the
 * configuration file). Its default export is a plugin, or a factory that makes one from the handle and its arguments.
 */
import { dirname, isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@kubets/machinery/config-file";
import type { PluginFactory, Registry } from "../framework/handle.ts";
import type { Plugin } from "../framework/plugin.ts";
import type { ProfileConfig, SchedulerConfig } from "./config.ts";

/** Names that are paths stand for files. */
export const isPluginFile = (name: string): boolean =>
  name.startsWith("./") || name.startsWith("../") || isAbsolute(name);

/** The factories of all plugins that the configuration names by a file, by that name. */
export async function loadPluginFiles(config: SchedulerConfig, configFile: string): Promise<Registry> {
  const names = new Set(config.profiles.flatMap(namesIn).filter(isPluginFile));
  const loaded = [...names].map(async (name) => [name, await load(name, configFile)] as const);
  return Object.fromEntries(await Promise.all(loaded));
}

const namesIn = ({ plugins }: ProfileConfig): string[] =>
  Object.values(plugins).flatMap(({ enabled }) => enabled.map(({ name }) => name));

async function load(name: string, configFile: string): Promise<PluginFactory> {
  const path = resolve(dirname(configFile), name);
  let made: unknown;
  try {
    made = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new ConfigError(`${configFile}: the plugin ${path} cannot be loaded: ${(error as Error).message}`);
  }
  if (typeof made === "function") return (handle, args) => checked((made as PluginFactory)(handle, args), path);
  const plugin = checked(made, path);
  return () => plugin;
}

function checked(value: unknown, path: string): Plugin {
  if (typeof value === "object" && value !== null && typeof (value as Plugin).name === "string") return value as Plugin;
  throw new ConfigError(
    `${path}: the default export must be a plugin (an object with a name and the methods of its extension points), or a function that gives one`,
  );
}
