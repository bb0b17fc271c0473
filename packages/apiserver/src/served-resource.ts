/** Which resources this server serves, by group, version and plural name. Custom ones come and go while it runs. */
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ResourceStore } from "./store/resource-store.ts";

export interface ServedResource {
  readonly definition: ResourceDefinition;
  /** The store of what it is stored as: of itself, or of its hub. Reviews and the like are stored nowhere. */
  readonly store: ResourceStore | undefined;
}

/** What the objects of a resource are in storage. */
export const storedAs = (definition: ResourceDefinition): ResourceDefinition =>
  definition.hub?.resource() ?? definition;

/** Reviews and bindings can only be created; they say something and leave nothing. */
export const isStored = ({ verbs, isComputed }: ResourceDefinition): boolean =>
  !isComputed && (verbs.includes("get") || verbs.includes("list"));

export class ServedResources {
  readonly #byPath = new Map<string, ServedResource>();
  readonly #groupVersions = new Map<string, number>();
  /** Grows with each change, so that documents made from the list know when they are old. */
  generation = 0;

  /** Serves a resource, in the place of what stood there. */
  add(resource: ServedResource): void {
    const { group, version, resource: plural } = resource.definition;
    const path = `${group}/${version}/${plural}`;
    this.generation++;
    if (this.#byPath.has(path)) {
      this.#byPath.set(path, resource);
      return;
    }
    this.#byPath.set(path, resource);
    const groupVersion = `${group}/${version}`;
    this.#groupVersions.set(groupVersion, (this.#groupVersions.get(groupVersion) ?? 0) + 1);
  }

  remove(resource: ServedResource): void {
    const { group, version, resource: plural } = resource.definition;
    if (!this.#byPath.delete(`${group}/${version}/${plural}`)) return;
    const groupVersion = `${group}/${version}`;
    const left = (this.#groupVersions.get(groupVersion) ?? 1) - 1;
    if (left) this.#groupVersions.set(groupVersion, left);
    else this.#groupVersions.delete(groupVersion);
    this.generation++;
  }

  get(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  hasGroup(group: string): boolean {
    for (const groupVersion of this.#groupVersions.keys())
      if (groupVersion.slice(0, groupVersion.indexOf("/")) === group) return true;
    return false;
  }

  /** Whether a group's resources are defined by people; another answer is given for what it lacks. */
  isCustomGroup(group: string): boolean {
    for (const { definition } of this.#byPath.values())
      if (definition.group === group && definition.isCustom) return true;
    return false;
  }

  /** The served form of a kind, in this version of its group or any. */
  byKind(group: string, kind: string, version?: string): ServedResource | undefined {
    for (const resource of this.#byPath.values()) {
      const { definition: d } = resource;
      if (d.group === group && d.kind === kind && (version === undefined || d.version === version)) return resource;
    }
    return undefined;
  }

  all(): Iterable<ServedResource> {
    return this.#byPath.values();
  }

  definitions(): ResourceDefinition[] {
    return [...this.#byPath.values()].map((r) => r.definition);
  }
}
