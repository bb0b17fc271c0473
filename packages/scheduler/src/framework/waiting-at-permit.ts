/** Pods that have a place but wait for plugins to allow it. Each plugin allows for itself; one that refuses, or a time that runs out, ends it. */
import type { Clock, Timer } from "@kubets/machinery";
import type { Wait } from "./plugin.ts";
import type { Refusal } from "./refusals.ts";

interface Waiting {
  readonly plugins: Map<string, Timer>;
  readonly settle: (refusal: Refusal | undefined) => void;
}

export class WaitingAtPermit {
  readonly #clock: Clock;
  readonly #pods = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with the refusal, or with nothing when all have allowed it. */
  wait(uid: string, waits: ReadonlyMap<string, Wait>): Promise<Refusal | undefined> {
    return new Promise((resolve) => {
      const plugins = new Map<string, Timer>();
      const settle = (refusal: Refusal | undefined) => {
        this.#pods.delete(uid);
        for (const timer of plugins.values()) timer.cancel();
        resolve(refusal);
      };
      for (const [plugin, { waitMs }] of waits) {
        const reason = `rejected due to timeout after waiting ${waitMs / 1000}s at plugin ${plugin}`;
        plugins.set(
          plugin,
          this.#clock.after(waitMs, () => this.reject(uid, plugin, reason)),
        );
      }
      this.#pods.set(uid, { plugins, settle });
    });
  }

  allow(uid: string, plugin: string): void {
    const waiting = this.#pods.get(uid);
    waiting?.plugins.get(plugin)?.cancel();
    waiting?.plugins.delete(plugin);
    if (waiting?.plugins.size === 0) waiting.settle(undefined);
  }

  reject(uid: string, plugin: string, reason: string): boolean {
    const waiting = this.#pods.get(uid);
    waiting?.settle({ plugin, reasons: [reason] });
    return waiting !== undefined;
  }
}
