/**
 * What was made of a pod for a service, kept as long as both stay as they are: so that a change of one pod costs little, however many stand behind
 * the service.
 */
import type { Pod, Service } from "@kubets/api/generated/types/core-v1";

export class PodMemo<V extends object> {
  readonly #byService = new Map<string, { service: Service; made: WeakMap<Pod, V> }>();

  of(key: string, service: Service): WeakMap<Pod, V> {
    const known = this.#byService.get(key);
    if (known?.service === service) return known.made;
    const made = new WeakMap<Pod, V>();
    this.#byService.set(key, { service, made });
    return made;
  }

  forget(key: string): void {
    this.#byService.delete(key);
  }
}
