/**
 * Tells the metrics what plugins do: how long all plugins of an extension point took, how often each was asked, and, in a sample of the
 * cycles, how long each took. A profile is followed by putting observed plugins in the place of its own, so that what is not sampled costs nothing.
 */
import type { Plugin } from "./plugin.ts";
import type { ExtensionPoint, LocalPlugin, Points, Profile } from "./profile.ts";

export type Status = "Success" | "Skip" | "Wait" | "Unschedulable" | "UnschedulableAndUnresolvable" | "Error";

export interface PluginMeter {
  /** Milliseconds, monotonic. */
  now(): number;
  /** All plugins of the point. */
  ranPoint(point: string, status: Status, profile: string, ms: number): void;
  ranPlugin(plugin: string, point: string, status: Status, ms: number): void;
  /** Where its questions are counted. */
  asking(plugin: string, point: string, profile: string): { value: number };
}

/** As the original calls them. */
const NAMES = {
  preFilter: "PreFilter",
  filter: "Filter",
  addPod: "PreFilterExtensionAddPod",
  removePod: "PreFilterExtensionRemovePod",
  postFilter: "PostFilter",
  preScore: "PreScore",
  score: "Score",
  normalize: "ScoreExtensionNormalize",
  placementGenerate: "PlacementGenerate",
  placementScore: "PlacementScore",
  reserve: "Reserve",
  unreserve: "Unreserve",
  permit: "Permit",
  preBind: "PreBind",
  bind: "Bind",
  postBind: "PostBind",
} as const;
type Timed = keyof typeof NAMES;
/** Asked for each node, so that of a try one in so many answers is timed: the clock would take longer than the plugin. */
const FOR_EACH_NODE: ReadonlySet<string> = new Set(["filter", "addPod", "removePod", "score"]);
const TIMED_OF_NODES = 16;
/** Those whose questions are counted. */
const COUNTED = ["preFilter", "filter", "preScore", "score"] as const;

type Method = (...args: unknown[]) => unknown;

/** The profile with plugins that count, and are timed if asked for. */
export function instrumented(profile: Profile, meter: PluginMeter, timed: boolean): Profile {
  const made = new Map<Plugin, Plugin>();
  const observed = (plugin: Plugin): Plugin => {
    let found = made.get(plugin);
    if (!found) made.set(plugin, (found = observedPlugin(plugin, profile.schedulerName, meter, timed)));
    return found;
  };
  const points = Object.entries(profile.points).map(([point, plugins]) => [point, plugins.map(observed)]);
  return {
    ...profile,
    meter,
    points: Object.fromEntries(points) as Points,
    plugins: profile.plugins.map(observed),
    local: profile.local.map((plugin) => observed(plugin) as LocalPlugin),
  };
}

function observedPlugin(plugin: Plugin, profile: string, meter: PluginMeter, timed: boolean): Plugin {
  const methods = new Map<string, Method>();
  const { name } = plugin;
  for (const [key, method] of methodsOf(plugin)) {
    const point = NAMES[key as Timed] as string | undefined;
    const bound: Method = (...args) => method.apply(plugin, args);
    methods.set(key, timed && point ? timer(bound, told(point), FOR_EACH_NODE.has(key) ? TIMED_OF_NODES : 1) : bound);
  }
  const counted = plugin as unknown as Record<string, Method>;
  for (const key of COUNTED) {
    const inner = methods.get(key);
    if (!inner) continue;
    const asked = meter.asking(name, NAMES[key], profile);
    // Asked for each node: no list of arguments is made.
    const ask = timed ? inner : (counted[key] as Method).bind(plugin);
    methods.set(key, (a, b, c, d) => {
      asked.value++;
      return ask(a, b, c, d);
    });
  }
  return { name, ...(plugin.hints && { hints: plugin.hints }), ...Object.fromEntries(methods) } as Plugin;

  function told(point: string) {
    return (status: Status, ms: number) => meter.ranPlugin(name, point, status, ms);
  }

  function timer(bound: Method, tell: ReturnType<typeof told>, oneIn: number): Method {
    let asked = 0;
    return (...args) => (asked++ % oneIn === 0 ? follow(meter, () => bound(...args), tell) : bound(...args));
  }
}

/** Of an object or of its class. */
function methodsOf(plugin: Plugin): [string, Method][] {
  const names = new Set<string>();
  for (let level: unknown = plugin; level && level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  names.delete("constructor");
  const members = plugin as unknown as Record<string, unknown>;
  return [...names].flatMap((name) => (typeof members[name] === "function" ? [[name, members[name] as Method]] : []));
}

/** Runs all plugins of a point, and tells how long that took. */
export function inPoint<T>({ meter, schedulerName }: Profile, point: ExtensionPoint | "unreserve", run: () => T): T {
  if (!meter) return run();
  return follow(meter, run, (status, ms) => meter.ranPoint(NAMES[point as Timed], status, schedulerName, ms));
}

function follow<T>(meter: PluginMeter, run: () => T, told: (status: Status, ms: number) => void): T {
  const began = meter.now();
  const end = (status: Status) => told(status, meter.now() - began);
  let result: T;
  try {
    result = run();
  } catch (error) {
    end(statusOfError(error));
    throw error;
  }
  if (!(result instanceof Promise)) end(statusOf(result));
  else
    result.then(
      () => end("Success"),
      (error: unknown) => end(statusOfError(error)),
    );
  return result;
}

/** Some errors carry a plugin's refusal. */
const statusOfError = (error: unknown): Status =>
  error instanceof Error && "refusal" in error ? statusOf(error) : "Error";

/** What the answers of extension points mean. */
function statusOf(result: unknown): Status {
  if (result === "skip") return "Skip";
  if (typeof result !== "object" || result === null) return "Success";
  const { skip, refusal, reasons, lasting, waitMs, message, node } = result as Record<string, unknown>;
  if (skip) return "Skip";
  if (refusal) return statusOf(refusal);
  if (reasons) return lasting ? "UnschedulableAndUnresolvable" : "Unschedulable";
  if (waitMs !== undefined) return "Wait";
  return message !== undefined && !node ? "Unschedulable" : "Success";
}
