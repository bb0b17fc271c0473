/**
 * The group versions that people define: custom ones, and those of APIServices. Each server knows them by itself, so that none is asked of a peer, nor
 * for a while after it is gone: until then a peer may not have heard of it.
 */
import { apiservices, customresourcedefinitions } from "@kubets/api/generated/refs";
import type { Clock, Timer } from "@kubets/machinery";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";

const KEPT_MS = 5 * 60_000;

export class DefinedVersions {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #byName = new Map<string, readonly string[]>();
  /** How many define it. */
  readonly #count = new Map<string, number>();
  /** Those that are gone, until they are forgotten. */
  readonly #gone = new Map<string, Timer>();

  constructor(served: ServedResources, clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
    follow(served, customresourcedefinitions, (name, now) =>
      this.#set(`definition ${name}`, now ? now.spec.versions.map((each) => `${now.spec.group}/${each.name}`) : []),
    );
    follow(served, apiservices, (name, now) =>
      this.#set(name, now?.spec.service ? [`${now.spec.group}/${now.spec.version}`] : []),
    );
  }

  has(group: string, version: string): boolean {
    const groupVersion = `${group}/${version}`;
    return this.#count.has(groupVersion) || this.#gone.has(groupVersion);
  }

  stop(): void {
    for (const timer of this.#gone.values()) timer.cancel();
  }

  #set(name: string, versions: readonly string[]): void {
    const before = this.#byName.get(name) ?? [];
    if (before.join() === versions.join()) return;
    if (versions.length) this.#byName.set(name, versions);
    else this.#byName.delete(name);
    for (const each of versions) this.#add(each, 1);
    for (const each of before) this.#add(each, -1);
    this.#changed();
  }

  #add(version: string, by: number): void {
    const count = (this.#count.get(version) ?? 0) + by;
    if (count > 0) this.#count.set(version, count);
    else this.#count.delete(version);
    this.#gone.get(version)?.cancel();
    this.#gone.delete(version);
    if (count === 0)
      this.#gone.set(
        version,
        this.#clock.after(KEPT_MS, () => this.#forget(version)),
      );
  }

  #forget(version: string): void {
    this.#gone.delete(version);
    this.#changed();
  }
}
