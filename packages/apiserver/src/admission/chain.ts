/**
 * Runs admission plugins in order; the mutating ones once more when one of them asks for it. Those that wait for nothing cost no promise. How long each
 * took, and all together, is counted; what throws was a refusal.
 */
import type { PluginTimes, Step } from "../metrics/admission-metrics.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "./plugin.ts";

type Phase = "mutate" | "validate";
const STEPS: Readonly<Record<Phase, Step>> = { mutate: "admit", validate: "validate" };

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #context: AdmissionContext;
  readonly #times: readonly PluginTimes[];
  readonly #allTimes: PluginTimes;

  constructor(plugins: readonly AdmissionPlugin[], context: AdmissionContext) {
    this.#plugins = plugins;
    this.#context = context;
    this.#times = plugins.map(({ name }) => context.metrics.plugin(name));
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

  #again(request: AdmissionRequest): Promise<void> | undefined {
    return request.rounds.beginSecond() ? this.#run(request, "mutate", 0) : undefined;
  }

  #run(request: AdmissionRequest, phase: Phase, from: number): Promise<void> | undefined {
    const { operation, resource, subresource } = request;
    let began = performance.now();
    for (let i = from; i < this.#plugins.length; i++) {
      const plugin = this.#plugins[i] as AdmissionPlugin;
      if (!plugin[phase] || !plugin.handles(operation, resource, subresource)) continue;
      const times = this.#times[i] as PluginTimes;
      let done: void | Promise<void>;
      try {
        done = plugin[phase](request, this.#context);
      } catch (error) {
        times.observe(STEPS[phase], operation, true, began);
        throw error;
      }
      if (done)
        return settled(done, times, STEPS[phase], operation, began).then(() => this.#run(request, phase, i + 1));
      began = times.observe(STEPS[phase], operation, false, began);
    }
    return undefined;
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
