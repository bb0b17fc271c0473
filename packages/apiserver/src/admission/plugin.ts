/**
 * What may stop or change a write after it was authorized. Mutating plugins run first, all of them, then defaults again; validating ones run when
 * the object is final. Both in the order of the one list in plugins/index.ts, which is the original's; quota comes last.
 *
 * A plugin refuses by throwing a StatusError (mostly `forbidden`) that says what is wrong, where, and what would be right. `mutate` changes the
 * draft in place and must do nothing when run twice: when a webhook or policy changed something, all of them run again. Plugins read the cluster through `view`, never over the network.
 */
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client/client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { Level } from "../audit/policy.ts";
import type { User } from "../authn/authenticator.ts";
import type { AccessAttributes, Decision } from "../authz/authorizer.ts";
import type { Deadline } from "../front/deadlines.ts";
import type { AdmissionMetrics } from "../metrics/admission-metrics.ts";
import type { ServedResources } from "../served-resource.ts";
import type { ResourceStore } from "../store/resource-store.ts";
import type { WebhookClient } from "../webhooks/webhook-client.ts";
import type { Rounds } from "./rounds.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

export interface AdmissionPlugin {
  /** As in --enable-admission-plugins. */
  readonly name: string;
  /** Whether it wants to see such requests at all: asked once, and on each request of one that is flexible. */
  handles(operation: Operation, resource: ResourceDefinition, subresource: string): boolean;
  /** What it handles changes with objects of the cluster. */
  readonly isFlexible?: true;
  /** Called once, before the first request: for plugins that follow what they are configured by. */
  start?(context: AdmissionContext): void;
  /** Lets go of what it follows outside of the server. */
  close?(): void;
  mutate?(request: AdmissionRequest, context: AdmissionContext): void | Promise<void>;
  validate?(request: AdmissionRequest, context: AdmissionContext): void | Promise<void>;
}

export interface AdmissionRequest {
  readonly operation: Operation;
  readonly resource: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The name in the path: empty on a POST to a collection. */
  readonly pathName: string;
  /** The object as it will be stored, in the version of the request; absent on delete. */
  readonly object: Draft<KubeObject> | undefined;
  readonly old: KubeObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** Whether the object is too large to be walked over in one turn of the loop (see large.ts). */
  readonly isLarge?: boolean | undefined;
  /** The body of a subresource that is a kind of its own (Binding, Eviction, TokenRequest), or connect options. */
  readonly options: unknown;
  /** CreateOptions, UpdateOptions or DeleteOptions, as they are told to others; none for connections. */
  operationOptions(): PlainObject | undefined;
  /** Behind it nobody waits for the answer any more; absent where somebody always does. */
  readonly deadline?: Pick<Deadline, "due" | "signal"> | undefined;
  readonly rounds: Rounds;
  warn(text: string): void;
  /** Notes something for the audit log; what shows of the object, from a level on. */
  annotate(key: string, value: string, from?: Level): void;
}

export interface AdmissionContext {
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Writes as the server itself, by the road that every write takes. */
  readonly client: Client;
  /** May somebody do that? For plugins that ask for more rights than the write itself needs. */
  authorize(attributes: AccessAttributes): Decision | Promise<Decision>;
  /** The store of a resource, for what must be exact: a compare-and-set. */
  storeOf(ref: ResourceRef): ResourceStore;
  definitionOf(group: string, kind: string, version: string): ResourceDefinition | undefined;
  readonly served: ServedResources;
  readonly webhooks: WebhookClient;
  readonly metrics: AdmissionMetrics;
  featureEnabled(name: string): boolean;
}

/** What the server itself knows of the cluster: its own caches. */
export interface ClusterView {
  get<T extends KubeObject>(ref: ResourceRef<T>, namespace: string, name: string): T | undefined;
  list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): readonly T[];
  /** Whether there is one that nobody can read; `get` and `list` do not show it, or throw. */
  isUnreadable(ref: ResourceRef, namespace: string, name: string): boolean;
  /** Resolves when the view shows every write that was acknowledged before the call. */
  refresh(): Promise<void>;
}
