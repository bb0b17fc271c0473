/**
 * A controller: watches some resources, turns each change into the keys of the objects that it concerns, and brings the world in step
 * with one object at a time. `runControllers` (controller-runner.ts) gives it informers, a queue and workers.
 *
 * What a reconcile may count on, and what its outcome means:
 * - It runs for a key after every change that concerns it, some time later (not within as much time as it took the last time), never twice at once
 *   for one key, perhaps for several changes at once, and again after a restart. It works from the present state and not from the event.
 * - It returns: done. `{ requeueAfterMs }`: done, and run again then. It throws: run again with backoff (5 ms doubling to 1000 s); a
 *   `TerminalError` is logged and not tried again until something changes.
 * - It never changes an object from the cache, and never counts on a write that it has not seen come back (see expectations.ts).
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { Client } from "./client.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { Informer, InformerOptions } from "./informer.ts";

export interface Controller {
  /** As in --controllers: "replicaset", "deployment", ... */
  readonly name: string;
  /** Also what it only reads from the cache, with no keys (`reads(nodes)`): it starts when all of these have synced. */
  readonly watches: readonly ControllerWatch[];
  /** How many keys are worked on at once; 5 when absent. */
  readonly workers?: number;
  /** Whether it runs when --controllers says "*". True when absent. */
  readonly onByDefault?: boolean;
  /** Called once before the first reconcile, when all informers have synced: indexes, periodic work, own state. */
  start?(context: ControllerContext): void;
  reconcile(key: string, context: ControllerContext): Promise<Requeue | void>;
  stop?(): void;
}

export interface Requeue {
  readonly requeueAfterMs: number;
}

/** One watched resource, and which keys an object of it concerns. */
export interface ControllerWatch {
  readonly resource: ResourceRef;
  keys(object: KubeObject, old: KubeObject | undefined, context: ControllerContext): readonly string[];
}

export interface ControllerContext {
  readonly client: Client;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** Runs the reconcile of a key (again) after so long. */
  enqueue(key: string, afterMs?: number): void;
}

/** The informers of a process, one for each collection. Whoever asks first for a collection starts it: before it has synced it shows nothing. */
export interface Cache {
  /** With a selection: of those objects alone, with a watch of its own. */
  informer<T extends KubeObject>(ref: ResourceRef<T>, selection?: InformerOptions): Informer<T>;
  get<T extends KubeObject>(ref: ResourceRef<T>, key: string): T | undefined;
  list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): T[];
  /** The objects whose controller (the owner reference with controller: true) is this one, by its uid. */
  owned<T extends KubeObject>(ref: ResourceRef<T>, owner: KubeObject): readonly T[];
}

/** An error that trying again cannot mend. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}

/** A watch whose objects are the keys themselves. */
export function on<T extends KubeObject>(resource: ResourceRef<T>): ControllerWatch {
  return { resource, keys: (object) => [keyOfObject(object)] };
}

/** A watch whose objects concern the object that controls them. */
export function onOwned<T extends KubeObject>(resource: ResourceRef<T>, owner: ResourceRef): ControllerWatch {
  const key = (object: KubeObject | undefined) => {
    const ref = object?.metadata.ownerReferences?.find((r) => r.controller);
    if (!object || ref?.kind !== owner.kind) return undefined;
    return owner.namespaced && object.metadata.namespace ? `${object.metadata.namespace}/${ref.name}` : ref.name;
  };
  return {
    resource,
    keys: (object, old) => [...new Set([key(object), key(old)])].filter((k) => k !== undefined),
  };
}

/** A resource that a controller reads from the cache, whose changes concern nothing. */
export function reads(resource: ResourceRef): ControllerWatch {
  return { resource, keys: () => [] };
}

/** A watch whose objects concern whatever the function says. */
export function onRelated<T extends KubeObject>(
  resource: ResourceRef<T>,
  keys: (object: T, old: T | undefined, context: ControllerContext) => readonly string[],
): ControllerWatch {
  return { resource, keys: keys as ControllerWatch["keys"] };
}

const keyOfObject = ({ metadata }: KubeObject) =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
