/**
 * One custom kind as it is served: its versions among the served resources, and the cache of its objects. A change of the schemas makes the cache
 * anew, since what is stored is read by them; a change of names or of the rest keeps it, and the watches with it.
 */
import { createHash } from "node:crypto";
import { noneConversion } from "@kubets/api/custom/conversion";
import { customDefinition, storedDefinition } from "@kubets/api/custom/definition";
import type { CustomResourceDefinition } from "@kubets/api/generated/types/apiextensions-v1";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Schema } from "@kubets/api/structural/schema";
import type { ServedResource, ServedResources } from "../served-resource.ts";
import type { ResourceCache } from "../store/resource-cache.ts";
import { ResourceStore } from "../store/resource-store.ts";
import type { RevisionFeed } from "../store/revision-feed.ts";
import type { StoredForm } from "../store/stored-form.ts";
import { ConvertingStore } from "./converting-store.ts";
import type { Converter } from "./webhook-conversion.ts";

export interface KindParts {
  readonly served: ServedResources;
  readonly feed: RevisionFeed;
  readonly form: StoredForm;
  /** The definition as it is now. */
  definition(name: string): CustomResourceDefinition | undefined;
  converter(crd: CustomResourceDefinition): Converter;
}

export class ServedKind {
  readonly #parts: KindParts;
  readonly #name: string;
  #store: ResourceStore | undefined;
  #resources: ServedResource[] = [];
  #converted: ConvertingStore[] = [];
  #schemas = "";
  #isGoing = false;

  constructor(parts: KindParts, name: string) {
    this.#parts = parts;
    this.#name = name;
  }

  /** The objects as they are stored; undefined while nothing is served. */
  get store(): ResourceStore | undefined {
    return this.#store;
  }

  /** From now on no object is made: the definition is being deleted. */
  close(): void {
    this.#isGoing = true;
  }

  /** Serves the kind as its definition says now. */
  async serve(crd: CustomResourceDefinition): Promise<void> {
    this.#isGoing = crd.metadata.deletionTimestamp !== undefined;
    const schemas = schemasOf(crd);
    if (schemas !== this.#schemas) {
      const store = await this.#open(crd);
      this.#close();
      this.#store = store;
      this.#schemas = schemas;
    }
    const before = this.#resources;
    this.#resources = this.#resourcesOf(crd, this.#store as ResourceStore);
    const { served } = this.#parts;
    for (const resource of this.#resources) served.add(resource);
    for (const old of before)
      if (!this.#resources.some((now) => isSamePlace(now.definition, old.definition))) served.remove(old);
  }

  stop(): void {
    for (const resource of this.#resources) this.#parts.served.remove(resource);
    this.#resources = [];
    this.#close();
    this.#schemas = "";
  }

  async #open(crd: CustomResourceDefinition): Promise<ResourceStore> {
    const { feed, form } = this.#parts;
    const [only, ...more] = crd.spec.versions;
    const definition =
      only && more.length === 0
        ? customDefinition({ crd, version: only, schema: this.#schemaOf(only.name), reads: true })
        : storedDefinition(crd);
    const cache = await feed.addCacheNow(definition);
    await warm(cache);
    feed.tellUnreadable(cache);
    return new ResourceStore(cache, feed, form);
  }

  #close(): void {
    for (const converted of this.#converted) converted.stop();
    this.#converted = [];
    if (!this.#store) return;
    const { cache } = this.#store;
    this.#parts.feed.removeCache(cache);
    cache.hub.end();
    this.#store = undefined;
  }

  #resourcesOf(crd: CustomResourceDefinition, store: ResourceStore): ServedResource[] {
    const served = crd.spec.versions.filter((version) => version.served);
    const single = crd.spec.versions.length === 1;
    const byWebhook = crd.spec.conversion?.strategy === "Webhook";
    const schemaId = this.#schemas;
    const isGoing = () => this.#isGoing;
    return served.map((version) => {
      const schema = this.#schemaOf(version.name);
      if (single) return { definition: customDefinition({ crd, version, schema, schemaId, isGoing }), store };
      if (byWebhook) {
        const apiVersion = `${crd.spec.group}/${version.name}`;
        const convert = this.#parts.converter(crd);
        const definition = customDefinition({
          crd,
          version,
          schema,
          schemaId,
          isGoing,
          convert: (objects) => convert(objects, apiVersion),
        });
        return this.#converting(definition, store, convert);
      }
      const hub = noneConversion(store.definition, `${crd.spec.group}/${version.name}`, schema);
      return { definition: customDefinition({ crd, version, schema, schemaId, isGoing, hub }), store };
    });
  }

  /** A version that a webhook converts to has a cache of its own, kept over changes that do not concern it. */
  #converting(definition: ResourceDefinition, store: ResourceStore, convert: Converter): ServedResource {
    let converted = this.#converted.find((one) => one.definition.version === definition.version);
    if (!converted) {
      converted = new ConvertingStore(definition, store, this.#parts.feed, convert);
      this.#converted.push(converted);
    }
    return { definition, store: converted };
  }

  /** The schema from the definition in the cache, which is parsed while somebody uses it. */
  #schemaOf(version: string): () => Schema {
    return () => {
      const found = this.#parts.definition(this.#name)?.spec.versions.find(({ name }) => name === version);
      return found?.schema?.openAPIV3Schema ?? {};
    };
  }
}

const isSamePlace = (a: ResourceDefinition, b: ResourceDefinition): boolean =>
  a.group === b.group && a.version === b.version && a.resource === b.resource;

/** Stands for all that decides how stored objects are read. */
function schemasOf({ metadata, spec }: CustomResourceDefinition): string {
  const parts = [
    metadata.uid,
    spec.scope,
    spec.conversion,
    spec.versions.map(({ name, storage, schema }) => [name, storage, schema]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}

const SLICE_MS = 5;

/** Brings what was stored into today's form before it is asked for, a little at a time. */
async function warm(cache: ResourceCache): Promise<void> {
  let began = performance.now();
  for (const object of cache.list()) {
    cache.look(object, "bytes");
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
