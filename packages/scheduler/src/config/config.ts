/**
 * KubeSchedulerConfiguration v1 as far as it decides scheduling: profiles with their plugins and arguments, backoff, sampling. What the
 * file leaves out is filled in once, here; what it says wrongly is told, all of it, before anything starts.
 */

import { EXTENSION_POINTS, type ExtensionPoint } from "../framework/profile.ts";
import { ConfigError } from "./config-error.ts";
import type { EnabledPlugin } from "./default-plugins.ts";

export interface SchedulerConfig {
  readonly profiles: readonly ProfileConfig[];
  /** 0: by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  readonly podInitialBackoffSeconds: number;
  readonly podMaxBackoffSeconds: number;
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

const API_VERSION = "kubescheduler.config.k8s.io/v1";
const POINTS: readonly PluginPoint[] = ["multiPoint", ...EXTENSION_POINTS];

export const defaultConfig: SchedulerConfig = {
  profiles: [{ schedulerName: "default-scheduler", plugins: {}, pluginConfig: {} }],
  percentageOfNodesToScore: 0,
  podInitialBackoffSeconds: 1,
  podMaxBackoffSeconds: 10,
};

type Fields = Readonly<Record<string, unknown>>;

/** Reads a parsed file; `known` are the names of the plugins there are. */
export function readConfig(object: unknown, known: ReadonlySet<string>): SchedulerConfig {
  const problems: string[] = [];
  const file = fieldsOf(object);
  if (file.kind !== "KubeSchedulerConfiguration" || file.apiVersion !== API_VERSION)
    throw new ConfigError([
      `this is ${file.apiVersion ?? "?"} ${file.kind ?? "?"}; expected ${API_VERSION} KubeSchedulerConfiguration`,
    ]);
  if (listOf(file.extenders).length) problems.push("extenders: HTTP extenders are not supported");
  const number = (name: string, fallback: number, min: number, max = Infinity) => {
    const value = file[name] ?? fallback;
    if (typeof value === "number" && value >= min && value <= max) return value;
    problems.push(
      `${name}: ${JSON.stringify(value)} is not a number of at least ${min}${max < Infinity ? ` and at most ${max}` : ""}`,
    );
    return fallback;
  };
  const profiles = listOf(file.profiles).map((profile, i) =>
    readProfile(fieldsOf(profile), `profiles[${i}]`, known, problems),
  );
  const config: SchedulerConfig = {
    profiles: profiles.length ? profiles : defaultConfig.profiles,
    percentageOfNodesToScore: number("percentageOfNodesToScore", 0, 0, 100),
    podInitialBackoffSeconds: number("podInitialBackoffSeconds", 1, 1),
    podMaxBackoffSeconds: number("podMaxBackoffSeconds", 10, 1),
  };
  if (config.podMaxBackoffSeconds < config.podInitialBackoffSeconds)
    problems.push("podMaxBackoffSeconds: must not be below podInitialBackoffSeconds");
  const names = config.profiles.map(({ schedulerName }) => schedulerName);
  for (const [i, name] of names.entries())
    if (names.indexOf(name) < i) problems.push(`profiles[${i}].schedulerName: ${JSON.stringify(name)} is there twice`);
  if (problems.length) throw new ConfigError(problems);
  return config;
}

function readProfile(profile: Fields, path: string, known: ReadonlySet<string>, problems: string[]): ProfileConfig {
  const checkName = (name: unknown, at: string): string => {
    if (typeof name === "string" && (name === "*" || known.has(name))) return name;
    problems.push(`${at}: there is no plugin ${JSON.stringify(name)}`);
    return "";
  };
  const plugins: Partial<Record<PluginPoint, PluginSet>> = {};
  for (const [point, set] of Object.entries(fieldsOf(profile.plugins))) {
    const at = `${path}.plugins.${point}`;
    if (!POINTS.includes(point as PluginPoint)) {
      problems.push(`${at}: there is no such extension point; there are ${POINTS.join(", ")}`);
      continue;
    }
    const { enabled, disabled } = fieldsOf(set);
    plugins[point as PluginPoint] = {
      enabled: listOf(enabled).map((entry, i) => {
        const { name, weight } = fieldsOf(entry);
        return {
          name: checkName(name, `${at}.enabled[${i}].name`),
          ...(typeof weight === "number" && weight ? { weight } : {}),
        };
      }),
      disabled: listOf(disabled).map((entry, i) => checkName(fieldsOf(entry).name, `${at}.disabled[${i}].name`)),
    };
  }
  const pluginConfig: Record<string, Fields> = {};
  for (const [i, entry] of listOf(profile.pluginConfig).entries()) {
    const { name, args } = fieldsOf(entry);
    pluginConfig[checkName(name, `${path}.pluginConfig[${i}].name`)] = fieldsOf(args);
  }
  const { schedulerName = "default-scheduler", percentageOfNodesToScore } = profile;
  if (typeof schedulerName !== "string" || !schedulerName) problems.push(`${path}.schedulerName: must be a name`);
  return {
    schedulerName: String(schedulerName),
    ...(typeof percentageOfNodesToScore === "number" ? { percentageOfNodesToScore } : {}),
    plugins,
    pluginConfig,
  };
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
