/**
 * Custom resources, from their definitions: watches the definitions, writes what becomes of them (names, conditions) into their status, serves what is
 * established, and empties what is deleted. Several definitions are worked on at a time, each by one hand; what changes meanwhile is looked at again.
 */
import { isServed, plannedStatus } from "@kubets/api/apiextensions/accepted-names";
import { conditionOf, withCondition } from "@kubets/api/apiextensions/definition-conditions";
import { CLEANUP_FINALIZER, DELETION_IN_PROGRESS } from "@kubets/api/apiextensions/terminating";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from "@kubets/api/generated/types/apiextensions-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger, type Random } from "@kubets/machinery";
import { storeIn } from "../cluster-view.ts";
import type { ExtensionMetrics } from "../metrics/extension-metrics.ts";
import type { ServedResources } from "../served-resource.ts";
import type { ResourceCache } from "../store/resource-cache.ts";
import type { RevisionFeed } from "../store/revision-feed.ts";
import type { StoredForm } from "../store/stored-form.ts";
import type { WebhookClient } from "../webhooks/webhook-client.ts";
import { timestamp } from "../write/context.ts";
import { emptyStore, isEmpty } from "./empty-store.ts";
import { type KindParts, ServedKind } from "./served-kind.ts";
import { webhookConverter } from "./webhook-conversion.ts";

/** Writes that wait together are committed together. */
const AT_A_TIME = 16;
/** Begun in one turn of the loop: each takes a millisecond or less until it waits. */
const BEGUN_A_TURN = 4;

interface CustomResourcesParts {
  readonly served: ServedResources;
  readonly feed: RevisionFeed;
  readonly form: StoredForm;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly webhooks: WebhookClient;
  readonly metrics: ExtensionMetrics;
  /** Where nothing may be written yet: resolves when it may. */
  readonly writable: Promise<void> | undefined;
  client(): Client;
}

export class CustomResources {
  readonly #parts: CustomResourcesParts;
  readonly #definitions: ResourceCache;
  readonly #kinds = new Map<string, ServedKind>();
  /** The names that each definition has, by group: looked through without looking into the others. */
  readonly #names = new Map<string, Map<string, CustomResourceDefinitionNames>>();
  readonly #waiting = new Set<string>();
  readonly #inWork = new Set<string>();
  #isBeginning = false;
  #stopped = false;

  constructor(parts: CustomResourcesParts) {
    this.#parts = parts;
    this.#definitions = storeIn(parts.served, customresourcedefinitions).cache;
  }

  /** Serves what is established; from then on follows the definitions. */
  async start(): Promise<void> {
    for (const { object } of this.#definitions.list()) {
      const definition = object as CustomResourceDefinition;
      this.#noteNames(definition.metadata.name, definition);
      if (isServed(definition)) await this.#serve(definition);
      this.#waiting.add(definition.metadata.name);
    }
    this.#definitions.onChange(({ current, previous }) => {
      const name = (current ?? previous)?.name;
      if (!name) return;
      const definition = current?.object as CustomResourceDefinition | undefined;
      this.#noteNames(name, definition);
      if (definition?.metadata.deletionTimestamp) this.#kinds.get(name)?.close();
      this.#look(name);
      // Names that it gives up may be another's now.
      if (!current) for (const other of this.#names.get(groupOf(name))?.keys() ?? []) this.#look(other);
    });
    this.#work();
  }

  stop(): void {
    this.#stopped = true;
  }

  #look(name: string): void {
    this.#waiting.add(name);
    this.#work();
  }

  /** Begins with a few in each turn of the loop, so that many never hold it together. */
  #work(): void {
    if (this.#isBeginning || this.#stopped) return;
    this.#isBeginning = true;
    setImmediate(() => {
      this.#isBeginning = false;
      const free = Math.min(BEGUN_A_TURN, AT_A_TIME - this.#inWork.size);
      const waiting = this.#waiting.values().filter((name) => !this.#inWork.has(name));
      const next = waiting.take(free).toArray();
      for (const name of next) void this.#workOn(name);
      if (next.length > 0) this.#work();
    });
  }

  async #workOn(name: string): Promise<void> {
    this.#inWork.add(name);
    if (this.#parts.writable) await this.#parts.writable;
    try {
      await this.#reconcile(name);
    } catch (error) {
      this.#noteNames(name, this.#definition(name));
      // Somebody changed it meanwhile, or it is gone: its change is looked at next.
      if (!isReason(error, "Conflict") && !isReason(error, "NotFound"))
        this.#parts.log.error("a custom resource definition could not be dealt with", { name, error });
    }
    this.#inWork.delete(name);
    this.#work();
  }

  /** Works on it until nothing is to be changed, so that who came first is served first. */
  async #reconcile(name: string): Promise<void> {
    if (this.#stopped) return;
    this.#waiting.delete(name);
    const definition = this.#definition(name);
    if (!definition) {
      this.#kinds.get(name)?.stop();
      this.#kinds.delete(name);
      return;
    }
    if (isServed(definition)) await this.#serve(definition);
    const group = this.#names.get(groupOf(name)) ?? new Map<string, CustomResourceDefinitionNames>();
    const others = [...group].flatMap(([other, names]) => (other === name ? [] : [names]));
    const status = plannedStatus(definition, others, this.#now());
    if (status !== definition.status) {
      // Taken from here on: others of its group are decided about before this is written.
      this.#noteNames(name, { ...definition, status });
      await this.#writeStatus(definition, status);
      return this.#reconcile(name);
    }
    if (definition.metadata.deletionTimestamp && definition.metadata.finalizers?.includes(CLEANUP_FINALIZER))
      await this.#empty(definition);
  }

  async #serve(definition: CustomResourceDefinition): Promise<void> {
    const { name } = definition.metadata;
    let kind = this.#kinds.get(name);
    if (!kind) this.#kinds.set(name, (kind = new ServedKind(this.#kindParts(), name)));
    await kind.serve(definition);
  }

  #kindParts(): KindParts {
    const { served, feed, form, webhooks, random, metrics } = this.#parts;
    return {
      served,
      feed,
      form,
      definition: (name) => this.#definition(name),
      converter: (crd) => {
        const { name } = crd.metadata;
        const schema = (version: string) =>
          this.#definition(name)?.spec.versions.find((one) => one.name === version)?.schema?.openAPIV3Schema ?? {};
        return webhookConverter(crd, { webhooks, random, metrics, schema });
      },
    };
  }

  /** Deletes the objects; when none is left, lets the definition go. */
  async #empty(definition: CustomResourceDefinition): Promise<void> {
    const { name, finalizers, resourceVersion } = definition.metadata;
    const now = this.#now();
    if (conditionOf(definition, "Terminating")?.reason !== DELETION_IN_PROGRESS.reason) {
      const conditions = withCondition(definition.status.conditions, DELETION_IN_PROGRESS, now);
      return this.#writeStatus(definition, { ...definition.status, conditions });
    }
    const store = this.#kinds.get(name)?.store;
    if (store && !(await emptyStore(store, this.#parts.clock))) {
      const stopListening = store.cache.onChange(() => {
        if (!isEmpty(store.cache)) return;
        stopListening();
        this.#look(name);
      });
      return;
    }
    const others = finalizers?.filter((finalizer) => finalizer !== CLEANUP_FINALIZER) ?? [];
    const body = { metadata: { resourceVersion, finalizers: others } };
    await this.#parts.client().patch(customresourcedefinitions, { name }, { type: "merge", body });
  }

  async #writeStatus(definition: CustomResourceDefinition, status: CustomResourceDefinitionStatus): Promise<void> {
    await this.#parts.client().update(customresourcedefinitions, { ...definition, status }, { subresource: "status" });
  }

  #definition(name: string): CustomResourceDefinition | undefined {
    return this.#definitions.get(name)?.object as CustomResourceDefinition | undefined;
  }

  #noteNames(name: string, definition: CustomResourceDefinition | undefined): void {
    const group = groupOf(name);
    let names = this.#names.get(group);
    if (!names) this.#names.set(group, (names = new Map()));
    if (definition) names.set(name, definition.status.acceptedNames);
    else names.delete(name);
    if (names.size === 0) this.#names.delete(group);
  }

  #now(): string {
    return timestamp(this.#parts.clock.now());
  }
}

/** Definitions are called by plural and group. */
const groupOf = (name: string): string => name.slice(name.indexOf(".") + 1);
