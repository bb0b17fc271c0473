/**
 * KubeSchedulerConfiguration v1: read strictly, defaults filled in once, and everything that is wrong with names and numbers told before
 * anything starts. What the file says of the connection and of leader election is given as the flags that say the same.
 */
import { readFileSync } from "node:fs";
import {
  any,
  bool,
  ConfigError,
  duration,
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
import type { SchedulerFlags } from "../flags.ts";
import { EXTENSION_POINTS } from "../framework/profile.ts";
import type { FitArgs } from "../plugins/node-resources-fit/plugin.ts";
import { defaultConfig, type PluginPoint, type PluginSet, type ProfileConfig, type SchedulerConfig } from "./config.ts";
import { EXTENDER, type ExtenderConfig, extenderProblems } from "./extender-config.ts";
import { isPluginFile } from "./plugin-files.ts";

const PLUGIN = object({ name: str(), weight: optional(int()) });
const PLUGIN_SET = object({ enabled: list(PLUGIN), disabled: list(PLUGIN) });
const POINTS: readonly PluginPoint[] = ["multiPoint", ...EXTENSION_POINTS];

const PROFILE = object({
  schedulerName: str("default-scheduler"),
  percentageOfNodesToScore: optional(int()),
  plugins: map(PLUGIN_SET),
  pluginConfig: list(object({ name: str(), args: map(any()) })),
});

const LEADER_ELECTION = object({
  leaderElect: optional(bool()),
  leaseDuration: optional(duration()),
  renewDeadline: optional(duration()),
  retryPeriod: optional(duration()),
  resourceLock: optional(str()),
  resourceName: optional(str()),
  resourceNamespace: optional(str()),
});

const CLIENT_CONNECTION = object({
  kubeconfig: str(),
  acceptContentTypes: any(),
  contentType: any(),
  qps: any(),
  burst: any(),
});

const FILE = object({
  parallelism: int(16),
  leaderElection: LEADER_ELECTION,
  clientConnection: CLIENT_CONNECTION,
  enableProfiling: any(),
  enableContentionProfiling: any(),
  healthzBindAddress: any(),
  metricsBindAddress: any(),
  delayCacheUntilActive: any(),
  percentageOfNodesToScore: int(defaultConfig.percentageOfNodesToScore),
  podInitialBackoffSeconds: num(defaultConfig.podInitialBackoffSeconds),
  podMaxBackoffSeconds: num(defaultConfig.podMaxBackoffSeconds),
  profiles: list(PROFILE),
  extenders: list(EXTENDER),
});

export interface LoadedConfig {
  readonly config: SchedulerConfig;
  /** What the file says that flags say too. */
  readonly flags: Partial<SchedulerFlags>;
}

/** `known` are the names of the plugins there are. */
export const loadConfig = (path: string, known: Iterable<string>): LoadedConfig => {
  try {
    return parseConfig(readFileSync(path, "utf8"), path, known);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`the configuration file ${path} cannot be read: ${(error as Error).message}`);
  }
};

export function parseConfig(text: string, name: string, known: Iterable<string>): LoadedConfig {
  const { config: file } = parseFile(text, name, { "kubescheduler.config.k8s.io/v1/KubeSchedulerConfiguration": FILE });
  const problems = problemsOf(file, new Set(known));
  if (problems.length) throw new ConfigError(`${name}: ${problems.join("; ")}`);
  const config = {
    profiles: (file.profiles.length ? file.profiles.map(profileOf) : defaultConfig.profiles).map((profile) =>
      withoutManaged(profile, file.extenders),
    ),
    percentageOfNodesToScore: file.percentageOfNodesToScore,
    podInitialBackoffSeconds: file.podInitialBackoffSeconds,
    podMaxBackoffSeconds: file.podMaxBackoffSeconds,
    extenders: file.extenders,
  };
  return { config, flags: flagsOf(file) };
}

function flagsOf({ leaderElection, clientConnection }: Infer<typeof FILE>): Partial<SchedulerFlags> {
  const flags = {
    kubeconfig: clientConnection.kubeconfig || undefined,
    "leader-elect": leaderElection.leaderElect,
    "leader-elect-lease-duration": leaderElection.leaseDuration,
    "leader-elect-renew-deadline": leaderElection.renewDeadline,
    "leader-elect-retry-period": leaderElection.retryPeriod,
    "leader-elect-resource-name": leaderElection.resourceName,
    "leader-elect-resource-namespace": leaderElection.resourceNamespace,
  };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
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

/** Resources that an extender manages alone do not hinder here. */
function withoutManaged(profile: ProfileConfig, extenders: readonly ExtenderConfig[]): ProfileConfig {
  const managed = extenders.flatMap(({ managedResources }) =>
    managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler).map(({ name }) => name),
  );
  if (managed.length === 0) return profile;
  const args: FitArgs = profile.pluginConfig.NodeResourcesFit ?? {};
  const ignoredResources = [...(args.ignoredResources ?? []), ...managed];
  return { ...profile, pluginConfig: { ...profile.pluginConfig, NodeResourcesFit: { ...args, ignoredResources } } };
}

const withoutKind = (args: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(args).filter(([name]) => name !== "kind" && name !== "apiVersion"));

function problemsOf(file: Infer<typeof FILE>, known: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const { percentageOfNodesToScore: part, podInitialBackoffSeconds: initial, podMaxBackoffSeconds: max } = file;
  if (part < 0 || part > 100) problems.push(`percentageOfNodesToScore: must be from 0 to 100, not ${part}`);
  if (initial <= 0) problems.push(`podInitialBackoffSeconds: must be greater than 0, not ${initial}`);
  if (max < initial) problems.push("podMaxBackoffSeconds: must not be below podInitialBackoffSeconds");
  problems.push(...extenderProblems(file.extenders));
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
    if (!known.has(name) && !isPluginFile(name)) problems.push(`${at}: there is no plugin ${JSON.stringify(name)}`);
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
