/**
 * A runtime whose calls are watched: how many there are, and for how long a pod waited for those that nobody can do without (its sandbox,
 * its containers made and started).
 */
import type { Runtime } from "@kubets/kubelet/runtime/runtime";

export class CountedCalls {
  readonly counts = new Map<string, number>();
  readonly #waited = new Map<string, number>();
  readonly #podOf = new Map<string, string>();

  /** Milliseconds that calls for the pod took; they come one after the other. */
  waited(uid: string): number {
    return this.#waited.get(uid) ?? 0;
  }

  wrap(runtime: Runtime): Runtime {
    const counted = <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
      ((...args: A) => {
        this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
        return call(...args);
      }) as (...args: A) => R;
    const all = Object.entries(runtime).map(([name, call]) => [name, counted(name, call)]);
    const watched = { ...runtime, ...(Object.fromEntries(all) as Partial<Runtime>) };
    return {
      ...watched,
      runSandbox: (config, handler) => this.#timed(config.metadata?.uid, () => watched.runSandbox(config, handler)),
      createContainer: async (sandbox, config, sandboxConfig) => {
        const uid = sandboxConfig.metadata?.uid;
        const id = await this.#timed(uid, () => watched.createContainer(sandbox, config, sandboxConfig));
        this.#podOf.set(id, uid ?? "");
        return id;
      },
      startContainer: (id) => this.#timed(this.#podOf.get(id), () => watched.startContainer(id)),
    };
  }

  async #timed<T>(uid = "", call: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    try {
      return await call();
    } finally {
      this.#waited.set(uid, this.waited(uid) + performance.now() - begin);
    }
  }
}
