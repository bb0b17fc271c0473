/** Runs admission plugins in order; the mutating ones once more when one of them asks for it. Those that wait for nothing cost no promise. */
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "./plugin.ts";

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #context: AdmissionContext;

  constructor(plugins: readonly AdmissionPlugin[], context: AdmissionContext) {
    this.#plugins = plugins;
    this.#context = context;
    for (const plugin of plugins) plugin.start?.(context);
  }

  mutate(request: AdmissionRequest): Promise<void> | undefined {
    const done = this.#run(request, "mutate", 0);
    return done ? done.then(() => this.#again(request)) : this.#again(request);
  }

  validate(request: AdmissionRequest): Promise<void> | undefined {
    return this.#run(request, "validate", 0);
  }

  #again(request: AdmissionRequest): Promise<void> | undefined {
    return request.rounds.beginSecond() ? this.#run(request, "mutate", 0) : undefined;
  }

  #run(request: AdmissionRequest, phase: "mutate" | "validate", from: number): Promise<void> | undefined {
    for (let i = from; i < this.#plugins.length; i++) {
      const plugin = this.#plugins[i] as AdmissionPlugin;
      if (!plugin[phase] || !plugin.handles(request.operation, request.resource, request.subresource)) continue;
      const done = plugin[phase](request, this.#context);
      if (done) return done.then(() => this.#run(request, phase, i + 1));
    }
    return undefined;
  }
}
