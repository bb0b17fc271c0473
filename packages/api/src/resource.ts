/**
 * The definition of a resource: data from which routes, discovery, tables, OpenAPI, patches, protobuf, completion and the rest derive. Built-in
 * kinds are defined by one file each; a CustomResourceDefinition becomes one at run time. What all resources share (metadata,
 * generation, finalizers, deletion, ...) stands in the API server's generic road; a definition says only what is particular.
 */
import type { FieldError, GroupResource } from "@kubets/machinery";
import type { CustomRules } from "./custom/strategy.ts";
import type { Draft, KubeObject } from "./meta.ts";
import type { JsonSchema } from "./openapi/json-schema.ts";
import type { ResourceRef } from "./resource-ref.ts";
import type { Struct } from "./schema.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** The verbs of almost every resource, in the order of discovery. */
export const allVerbs: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

export interface ResourceDefinition<T extends KubeObject = KubeObject> extends ResourceRef<T>, Strategy<T> {
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly Verb[];
  /** The fields of the kind. A custom kind without a schema keeps whatever it is given. */
  readonly schema: Struct;
  /** Defined by people, while the server runs. */
  readonly isCustom?: boolean;
  /** Stands for the schema of such a kind: another schema has another one. */
  readonly schemaId?: string;
  /** All that its objects are judged by, as data, under a key that stands for it: for judging them in another thread. */
  readonly customRules?: () => { readonly key: string; readonly rules: CustomRules };
  /** How a kind that came at run time is published: its OpenAPI v3 schema, whole. Built-in kinds derive theirs from `schema`. */
  readonly openApiSchema?: JsonSchema;
  /** Nothing of it is stored: the server finds out when somebody asks. */
  readonly isComputed?: boolean;
  /** Where its objects stand in storage: "/registry/pods" (then namespace and name). */
  readonly storagePrefix: string;
  /** Set where the objects are stored as another version or group: how to get there and back. */
  readonly hub?: Hub<T>;
  /** Set where a webhook converts between the versions: other versions of the kind as this one, in their order. */
  readonly convert?: (objects: readonly KubeObject[]) => Promise<readonly KubeObject[]>;
  readonly subresources?: Readonly<Record<string, Subresource<T>>>;
  /** What may be asked for in a field selector, besides metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** What a selector is told that asks for another field, where the original has words of its own. */
  unknownField?(field: string): string;
  readonly table?: Table<T>;
  /** Events and the like go by themselves after so long. */
  readonly ttlSeconds?: number;
  /** What is read from storage as it is served today: the schemas of custom kinds change. */
  read?(object: T): Draft<T>;
  /** Why nothing can be created: a custom kind that is going. */
  readonly closed?: string | undefined;
  /** Sent as a Warning header with each answer. */
  readonly deprecation?: string;
  /** Of alpha and beta versions, which are served when --runtime-config asks for them. */
  readonly stability?: "alpha" | "beta";
  /** The feature without which it is not served, whatever --runtime-config asks for. */
  readonly gate?: string;
}

/** A version that is stored in the form of another one. Conversions are pure and lose nothing that a client could see. */
export interface Hub<T extends KubeObject = KubeObject> {
  readonly resource: () => ResourceDefinition;
  toHub(object: T): Draft<KubeObject>;
  fromHub(object: KubeObject): Draft<T>;
}

/**
 * What is particular to a resource on the way of a write. All hooks are pure: they change only the draft that they are given, and get
 * time and features in the context. The road calls them in this order:
 *
 * create: defaults -> (mutating admission, defaults again) -> prepareForCreate -> validate -> (validating admission) -> commit
 * update: defaults -> (mutating admission, defaults again) -> prepareForUpdate -> validateUpdate -> (validating admission) -> commit
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Fills in what the schema's own defaults cannot say. Runs on each write and on objects read in an old form; idempotent. */
  defaults?(object: Draft<T>): void;
  /** Why an object cannot be read as this kind at all, in Go's words. */
  unreadable?(object: T): string | undefined;
  /** Annotations that stand for a field: metadata alone is shown without them. */
  readonly internalAnnotations?: readonly string[];
  /** Resets what a client may not set (status, allocated fields), derives what is derived. */
  prepareForCreate?(object: Draft<T>, context: WriteContext): void;
  prepareForUpdate?(object: Draft<T>, old: T, context: WriteContext): void;
  /** All errors of the object, in the original's order. Metadata is validated by the road, with `validateName`. */
  validate?(object: T, context: WriteContext): FieldError[];
  /** All errors of the change; includes those of `validate` where the original has them. */
  validateUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  /** What a write does not set, for the owners of fields: the status when absent. */
  readonly resetFields?: readonly (readonly string[])[];
  /** What is wrong with a name of this resource, in the original's words; DNS-1123 subdomain when absent. */
  validateName?(name: string, prefix: boolean): string[];
  /** The same of a new name, where it depends on features: those are not known everywhere that `validate` runs. */
  validateNewName?(object: T, context: WriteContext): FieldError[];
  /** Told to the client in Warning headers. */
  warnings?(object: T, old: T | undefined, context: WriteContext): string[];
  /** A PUT on a name that is not there creates it (leases, ...). */
  readonly createOnUpdate?: boolean;
  /** False: an update must carry a resourceVersion. True when absent. */
  readonly unconditionalUpdate?: boolean;
  /**
   * Counts changes of everything but metadata and status in metadata.generation; where it is named, of that part of the metadata too, or
   * of a status that is nothing apart.
   */
  readonly countsGeneration?: boolean | "labels" | "annotations" | "withStatus";
  /** The seconds that the object is given to end itself, or undefined to go at once (pods). */
  graceSeconds?(object: T, asked: number | undefined): number | undefined;
  /** Whether something besides the finalizers of its metadata keeps an object that is being deleted (a namespace's own finalizers). */
  isHeld?(object: T): boolean;
  /** Marks in the object that it is being deleted, besides its time. */
  markDeleted?(object: Draft<T>, old: T): void;
  /** What a delete without a propagation policy does to dependents (the old "orphan" of ReplicationControllers, Jobs). */
  readonly defaultPropagation?: "Orphan" | "Background";
  /** Told when a delete without a policy keeps what depends on the object. */
  readonly orphanWarning?: string;
}

/** Who makes a request. */
export interface RequestUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface WriteContext {
  /** RFC 3339, seconds: what creationTimestamp gets. */
  readonly now: string;
  /** Certificate requests say who made them. */
  readonly user?: RequestUser;
  featureEnabled(name: string): boolean;
  /** The cluster's options that validation or allocation depends on. */
  readonly allowPrivileged: boolean;
  /** Too large to be known by its text. */
  readonly isLarge?: boolean | undefined;
}

/**
 * - `status`: the same object, of which only one part can be changed;
 * - `scale`: replicas read and written as an autoscaling/v1 Scale;
 * - `part`: the same object with another strategy (resize, ephemeralcontainers, approval, finalize);
 * - `action`: a create of a kind of its own (binding, eviction, token); the meaning stands in the API server;
 * - `connect`: a stream or a request that is passed on (exec, log, proxy).
 */
export type Subresource<T extends KubeObject = KubeObject> =
  | ({ readonly type: "status" | "part" } & PartStrategy<T> & { readonly verbs?: readonly Verb[] })
  | { readonly type: "scale"; readonly replicas: ScalePaths<T> }
  | { readonly type: "action"; readonly kind: GroupVersionKind; readonly verbs: readonly Verb[] }
  | { readonly type: "connect"; readonly kind: GroupVersionKind; readonly verbs: readonly Verb[] };

/** The hooks of an update through a subresource: `prepareForUpdate` puts back all but the part. */
export interface PartStrategy<T extends KubeObject = KubeObject> {
  /** The part that may change, for server-side apply: ["status"]. */
  readonly part?: readonly string[];
  /** What a write through it does not set, for the owners of fields: the spec of a status when absent. */
  readonly resetFields?: readonly (readonly string[])[];
  prepareForUpdate(object: Draft<T>, old: T, context: WriteContext): void;
  validateUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  warnings?(object: T, old: T | undefined, context: WriteContext): string[];
}

export interface ScalePaths<T extends KubeObject = KubeObject> {
  /** Where the replicas stand in the object, for who owns them; spec.replicas when absent. */
  readonly path?: readonly string[];
  /** Undefined where a custom object does not have it. */
  spec(object: T): number | undefined;
  status(object: T): number;
  /** The label selector of the pods, as a string. */
  selector(object: T): string;
  setSpec(object: Draft<T>, replicas: number): void;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** How `kubectl get` shows the resource. */
export interface Table<T extends KubeObject = KubeObject> {
  readonly columns: readonly Column[];
  /** One cell a column, for one object. Ages are made with `now` (milliseconds). */
  cells(object: T, now: number): readonly unknown[];
  /** Conditions of the row: a pod that ended is "Completed". */
  conditions?(object: T): readonly { type: string; status: string; reason: string; message?: string }[] | undefined;
}

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format: string;
  readonly priority: number;
}

export const groupResource = (ref: ResourceRef): GroupResource => ({ group: ref.group, resource: ref.resource });
