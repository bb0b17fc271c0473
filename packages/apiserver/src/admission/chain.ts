/**
 * Runs admission plugins in order; the mutating ones once more when one of them asks for it. Those that wait for nothing cost no promise. How long each
 * took, and all together, is counted; what throws was a refusal.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
import type { PluginTimes, Step } from "../metrics/admission-metrics.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "./plugin.ts";

type Phase = "mutate" | "validate";
const STEPS: Readonly<Record<Phase, Step>> = { mutate: "admit", validate: "validate" };

interface Link {
  readonly plugin: AdmissionPlugin;
  readonly times: PluginTimes;
}

export class AdmissionChain {
  readonly #links: Readonly<Record<Phase, Links>>;
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #context: AdmissionContext;
  readonly #allTimes: PluginTimes;

  constructor(plugins: readonly AdmissionPlugin[], context: AdmissionContext) {
    const links = plugins.map((plugin) => ({ plugin, times: context.metrics.plugin(plugin.name) }));
    this.#links = { mutate: new Links(links, "mutate"), validate: new Links(links, "validate") };
    this.#plugins = plugins;
    this.#context = context;
    this.#allTimes = context.metrics.plugin("");
    for (const plugin of plugins) plugin.start?.(context);
  }

  mutate(request: AdmissionRequest): Promise<void> | undefined {
    return timed(this.#allTimes, "mutate", request, () => {
      const done = this.#run(request, "mutate", 0);
      return done ? done.then(() => this.#again(request)) : this.#again(request);
    });
  }

  validate(request: AdmissionRequest): Promise<void> | undefined {
    return timed(this.#allTimes, "validate", request, () => this.#run(request, "validate", 0));
  }

  close(): void {
    for (const plugin of this.#plugins) plugin.close?.();
  }

  #again(request: AdmissionRequest): Promise<void> | undefined {
    return request.rounds.beginSecond() ? this.#run(request, "mutate", 0) : undefined;
  }

  #run(
    request: AdmissionRequest,
    phase: Phase,
    from: number,
    links = this.#links[phase].of(request),
  ): Promise<void> | undefined {
    const { operation, resource, subresource } = request;
    let began = performance.now();
    for (let i = from; i < links.length; i++) {
      const { plugin, times } = links[i] as Link;
      if (plugin.isFlexible && !plugin.handles(operation, resource, subresource)) continue;
      let done: void | Promise<void>;
      try {
        done = plugin[phase]?.(request, this.#context);
      } catch (error) {
        times.observe(STEPS[phase], operation, true, began);
        throw error;
      }
      if (done)
        return settled(done, times, STEPS[phase], operation, began).then(() => this.#run(request, phase, i + 1, links));
      began = times.observe(STEPS[phase], operation, false, began);
    }
    return undefined;
  }
}

/** The plugins of a phase, and which of them look at a request: found once for requests that are alike. */
class Links {
  readonly #all: readonly Link[];
  readonly #known = new WeakMap<ResourceDefinition, Map<string, readonly Link[]>>();

  constructor(links: readonly Link[], phase: Phase) {
    this.#all = links.filter(({ plugin }) => plugin[phase]);
  }

  of({ operation, resource, subresource }: AdmissionRequest): readonly Link[] {
    let ofResource = this.#known.get(resource);
    if (!ofResource) this.#known.set(resource, (ofResource = new Map()));
    const key = subresource === "" ? operation : `${operation} ${subresource}`;
    let found = ofResource.get(key);
    if (!found) {
      found = this.#all.filter(({ plugin }) => plugin.isFlexible || plugin.handles(operation, resource, subresource));
      ofResource.set(key, found);
    }
    return found;
  }
}

function timed(
  times: PluginTimes,
  phase: Phase,
  { operation }: AdmissionRequest,
  run: () => Promise<void> | undefined | void,
): Promise<void> | undefined {
  const began = performance.now();
  const step = STEPS[phase];
  let isRefused = true;
  try {
    const done = run();
    isRefused = false;
    if (done) return settled(done, times, step, operation, began);
  } finally {
    if (isRefused) times.observe(step, operation, true, began);
  }
  times.observe(step, operation, false, began);
  return undefined;
}

async function settled(
  done: Promise<void>,
  times: PluginTimes,
  step: Step,
  operation: AdmissionRequest["operation"],
  began: number,
): Promise<void> {
  let isRefused = true;
  try {
    await done;
    isRefused = false;
  } finally {
    times.observe(step, operation, isRefused, began);
  }
}
