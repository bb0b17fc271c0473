/** Which plugins wait for which changes, over all profiles; and whether a change is worth another try of a pod that some plugins refused. */
import type { Clock } from "@kubets/machinery";
import type { ClusterEvent } from "../framework/events.ts";
import type { Plugin, PluginHint, QueuedPod } from "../framework/plugin.ts";

export type Hinted = (plugin: string, event: ClusterEvent, hint: "Queue" | "QueueSkip", ms: number) => void;

type Hint = NonNullable<PluginHint["hint"]>;

export class Hints {
  /** By plugin and event; undefined where the plugin wants every event. */
  readonly #plugins = new Map<string, ReadonlyMap<ClusterEvent, readonly (Hint | undefined)[]> | undefined>();

  readonly #clock: Clock;
  readonly #hinted: Hinted;

  constructor(plugins: Iterable<Plugin>, clock: Clock, hinted: Hinted = () => {}) {
    this.#clock = clock;
    this.#hinted = hinted;
    for (const { name, hints } of plugins) this.#plugins.set(name, hints && byEvent(hints));
  }

  /** Whether the plugin wants to hear of such changes at all. */
  waitsFor(plugin: string, event: ClusterEvent): boolean {
    return this.#plugins.get(plugin)?.has(event) ?? true;
  }

  /** A pod that no plugin is known to have refused is tried again at every change. */
  worthTrying({ pod, refusedBy }: QueuedPod, event: ClusterEvent, old: unknown, now: unknown): boolean {
    if (refusedBy.size === 0) return true;
    for (const plugin of refusedBy) if (this.#says(plugin, pod, event, old, now)) return true;
    return false;
  }

  #says(plugin: string, pod: QueuedPod["pod"], event: ClusterEvent, old: unknown, now: unknown): boolean {
    if (!this.#plugins.has(plugin)) return true;
    const events = this.#plugins.get(plugin);
    if (!events) return true;
    const began = this.#clock.monotonic();
    const queue = events.get(event)?.some((hint) => !hint || hint(pod, old, now) === "queue") ?? false;
    this.#hinted(plugin, event, queue ? "Queue" : "QueueSkip", this.#clock.monotonic() - began);
    return queue;
  }
}

function byEvent(hints: readonly PluginHint[]): Map<ClusterEvent, (Hint | undefined)[]> {
  const map = new Map<ClusterEvent, (Hint | undefined)[]>();
  for (const { events, hint } of hints) {
    for (const event of events) map.set(event, [...(map.get(event) ?? []), hint]);
  }
  return map;
}
