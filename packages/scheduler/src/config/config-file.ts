/**
 * KubeSchedulerConfiguration v1: read strictly, defaults filled in once, and everything that is wrong with names and numbers told before
 * anything starts. Of connections, leader election and profiling the program's flags decide; these fields are taken and left.
 */

import { readFileSync } from "node:fs";
import {
  any,
  ConfigError,
  type Infer,
  int,
  list,
  map,
  num,
  object,
  optional,
  parseConfig as parseFile,
  str,
} from "@kubets/machinery/config-file";
import { EXTENSION_POINTS } from "../framework/profile.ts";
import { defaultConfig, type PluginPoint, type PluginSet, type ProfileConfig, type SchedulerConfig } from "./config.ts";

const PLUGIN = object({ name: str(), weight: optional(int()) });
const PLUGIN_SET = object({ enabled: list(PLUGIN), disabled: list(PLUGIN) });
const POINTS: readonly PluginPoint[] = ["multiPoint", ...EXTENSION_POINTS];

const PROFILE = object({
  schedulerName: str("default-scheduler"),
  percentageOfNodesToScore: optional(int()),
  plugins: map(PLUGIN_SET),
  pluginConfig: list(object({ name: str(), args: map(any()) })),
});

const FILE = object({
  parallelism: int(16),
  leaderElection: any(),
  clientConnection: any(),
  enableProfiling: any(),
  enableContentionProfiling: any(),
  healthzBindAddress: any(),
  metricsBindAddress: any(),
  delayCacheUntilActive: any(),
  percentageOfNodesToScore: int(defaultConfig.percentageOfNodesToScore),
  podInitialBackoffSeconds: num(defaultConfig.podInitialBackoffSeconds),
  podMaxBackoffSeconds: num(defaultConfig.podMaxBackoffSeconds),
  profiles: list(PROFILE),
  extenders: list(any()),
});

/** `known` are the names of the plugins there are. */
export const loadConfig = (path: string, known: Iterable<string>): SchedulerConfig => {
  try {
    return parseConfig(readFileSync(path, "utf8"), path, known);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`the configuration file ${path} cannot be read: ${(error as Error).message}`);
  }
};

export function parseConfig(text: string, name: string, known: Iterable<string>): SchedulerConfig {
  const { config: file } = parseFile(text, name, { "kubescheduler.config.k8s.io/v1/KubeSchedulerConfiguration": FILE });
  const problems = problemsOf(file, new Set(known));
  if (problems.length) throw new ConfigError(`${name}: ${problems.join("; ")}`);
  return {
    profiles: file.profiles.length ? file.profiles.map(profileOf) : defaultConfig.profiles,
    percentageOfNodesToScore: file.percentageOfNodesToScore,
    podInitialBackoffSeconds: file.podInitialBackoffSeconds,
    podMaxBackoffSeconds: file.podMaxBackoffSeconds,
  };
}

function profileOf({
  schedulerName,
  percentageOfNodesToScore,
  plugins,
  pluginConfig,
}: Infer<typeof PROFILE>): ProfileConfig {
  const sets = Object.entries(plugins).map(([point, { enabled, disabled }]): [string, PluginSet] => [
    point,
    {
      enabled: enabled.map(({ name, weight }) => ({ name, ...(weight ? { weight } : {}) })),
      disabled: disabled.map(({ name }) => name),
    },
  ]);
  return {
    schedulerName,
    ...(percentageOfNodesToScore === undefined ? {} : { percentageOfNodesToScore }),
    plugins: Object.fromEntries(sets),
    pluginConfig: Object.fromEntries(pluginConfig.map(({ name, args }) => [name, withoutKind(args)])),
  };
}

const withoutKind = (args: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(args).filter(([name]) => name !== "kind" && name !== "apiVersion"));

function problemsOf(file: Infer<typeof FILE>, known: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const { percentageOfNodesToScore: part, podInitialBackoffSeconds: initial, podMaxBackoffSeconds: max } = file;
  if (part < 0 || part > 100) problems.push(`percentageOfNodesToScore: must be from 0 to 100, not ${part}`);
  if (initial <= 0) problems.push(`podInitialBackoffSeconds: must be greater than 0, not ${initial}`);
  if (max < initial) problems.push("podMaxBackoffSeconds: must not be below podInitialBackoffSeconds");
  if (file.extenders.length) problems.push("extenders: HTTP extenders are not supported");
  const names = file.profiles.map(({ schedulerName }) => schedulerName);
  for (const [i, profile] of file.profiles.entries()) {
    const path = `profiles[${i}]`;
    if (!profile.schedulerName) problems.push(`${path}.schedulerName: must not be empty`);
    if (names.indexOf(profile.schedulerName) < i)
      problems.push(`${path}.schedulerName: ${JSON.stringify(profile.schedulerName)} is there twice`);
    problems.push(...pluginProblems(profile, path, known));
  }
  return problems;
}

function pluginProblems(
  { plugins, pluginConfig }: Infer<typeof PROFILE>,
  path: string,
  known: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  const check = (name: string, at: string) => {
    if (!known.has(name)) problems.push(`${at}: there is no plugin ${JSON.stringify(name)}`);
  };
  for (const [point, { enabled, disabled }] of Object.entries(plugins)) {
    const at = `${path}.plugins.${point}`;
    if (!POINTS.includes(point as PluginPoint))
      problems.push(`${at}: there is no such extension point; there are ${POINTS.join(", ")}`);
    for (const [i, { name }] of enabled.entries()) check(name, `${at}.enabled[${i}].name`);
    for (const [i, { name }] of disabled.entries()) if (name !== "*") check(name, `${at}.disabled[${i}].name`);
  }
  for (const [i, { name }] of pluginConfig.entries()) check(name, `${path}.pluginConfig[${i}].name`);
  return problems;
}
