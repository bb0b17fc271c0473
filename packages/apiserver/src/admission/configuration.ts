/**
 * What admission plugins are configured by (--admission-control-config-file, AdmissionConfiguration): for each its own configuration, written there or in
 * a file beside it.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  any,
  ConfigError,
  type ConfigKinds,
  type LoadedConfig,
  list,
  loadConfigFile,
  object,
  parseConfig,
  str,
} from "@kubets/machinery/config-file";
import { configurationKinds } from "../configuration-kinds.ts";

const configuration = object({ plugins: list(object({ name: str(), path: str(), configuration: any() })) });

/** The text of one plugin's configuration, and where it stands. */
export interface PluginConfiguration {
  readonly text: string;
  readonly from: string;
}

export type PluginConfigurations = ReadonlyMap<string, PluginConfiguration>;

export function loadAdmissionConfiguration(path: string): PluginConfigurations {
  const { config } = loadConfigFile(
    path,
    configurationKinds("AdmissionConfiguration", configuration, ["v1", "v1alpha1"]),
  );
  return new Map(
    config.plugins.map(({ name, path: beside, configuration: written }, i) => {
      const from = `${path}: plugins[${i}]`;
      if (!name) throw new ConfigError(`${from}.name: a name is needed`);
      if (written !== undefined) return [name, { text: JSON.stringify(written), from: `${from}.configuration` }];
      if (!beside) throw new ConfigError(`${from}: path or configuration is needed`);
      const file = resolve(dirname(path), beside);
      return [name, { text: readText(file, `${from}.path`), from: file }];
    }),
  );
}

function readText(file: string, from: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`${from}: ${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Reads a plugin's configuration by its kinds; undefined where there is none. */
export function readConfiguration<const K extends ConfigKinds>(
  given: PluginConfiguration | undefined,
  kinds: K,
): LoadedConfig<K>["config"] | undefined {
  return given && (parseConfig(given.text, given.from, kinds) as LoadedConfig<K>).config;
}
