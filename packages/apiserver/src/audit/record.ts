/**
 * What is gathered of one request while it is worked on, and told stage by stage. Objects are taken as they are when they are told of: their text
 * is made at once, since drafts go on changing.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { User } from "../authn/authenticator.ts";
import type { Impersonated } from "../authn/impersonate.ts";
import { isLongRunning } from "../fairness/long-running.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import { type AuditEvent, auditUser, microTime, type ObjectReference } from "./event.ts";
import { atLeast, type Level, type Stage, type Wanted } from "./policy.ts";

export interface AuditSink {
  /**
   * Takes one event. Must not throw, nor reject. False: it is lost, and a request whose events must not be lost cannot go on. A promise is waited for before the
   * request goes on, or its answer goes out.
   */
  tell(event: AuditEvent): boolean | void | Promise<boolean>;
}

interface RecordParts {
  readonly id: string;
  readonly wanted: Wanted;
  readonly exchange: CoreExchange;
  readonly info: RequestInfo;
  readonly user: User | undefined;
  readonly now: () => number;
  readonly sink: AuditSink;
}

export class AuditRecord {
  readonly #parts: RecordParts;
  readonly #received: number;
  #reference: ObjectReference | undefined;
  #impersonated: Impersonated | undefined;
  #request: unknown;
  #response: (() => unknown) | undefined;
  #annotations: Record<string, string> | undefined;
  #status: object | undefined;
  #isAnswered = false;
  #isHandedOn = false;
  /** Of an answer that is handed on. */
  #code: number | undefined;
  /** Gives back what the request holds while it is worked on: it is not held while an answer waits for who is told of it. */
  free: (() => void) | undefined = undefined;

  constructor(parts: RecordParts) {
    this.#parts = parts;
    this.#received = parts.now();
    if (parts.info.isResource) this.#reference = referenceOf(parts.info);
  }

  impersonated(impersonated: Impersonated): void {
    this.#impersonated = impersonated;
  }

  /** What shows of objects is told from a level on. */
  annotate(key: string, value: string, from: Level = "Metadata"): void {
    if (!atLeast(this.#parts.wanted.level, from)) return;
    this.#annotations ??= {};
    // What was said first stays.
    this.#annotations[key] ??= value;
  }

  /** The object that the request brings. */
  object(object: KubeObject): void {
    const { name, namespace, uid, resourceVersion } = object.metadata ?? {};
    const found = this.#reference ?? {};
    this.#reference = {
      ...found,
      ...(!found.name && name && { name }),
      ...(!found.namespace && namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    };
    this.body(object);
  }

  /** What the request brings that is no object: a patch, delete options. */
  body(value: unknown): void {
    if (atLeast(this.#parts.wanted.level, "Request")) this.#request = structuredClone(value);
  }

  /** What is about to be answered; told last counts. */
  answer(make: () => unknown): void {
    if (this.#parts.wanted.level === "RequestResponse") this.#response = make;
  }

  /** A refusal says why. */
  status(status: object): void {
    this.#status = status;
  }

  /** The answer is another server's, and who hands it on tells how it ends. */
  handOn(): void {
    this.#isHandedOn = true;
  }

  /** Of one that has begun. It breaks off by a panic of the original, but for logs, which it copies as far as they come. */
  handedOn(isWhole: boolean): void {
    if (this.#code === undefined) return;
    if (isWhole || this.#parts.info.subresource === "log") void this.tell("ResponseComplete", this.#code);
    else this.panic("net/http: abort Handler");
  }

  /** Nothing is told of the request behind that. */
  panic(why: string): void {
    this.#isAnswered = true;
    this.status({ status: "Failure", message: `APIServer panic'd: ${why}`, reason: "InternalError" });
    void this.tell("Panic", 500);
  }

  /**
   * Tells how it is answered, once: who can wait asks before the answer goes out, and waits for what this gives; of all others (streams) it is told when their
   * answer begins. One that is late waits for nothing.
   */
  answered(code: number): Promise<boolean> | undefined {
    if (this.#isAnswered) return undefined;
    this.#isAnswered = true;
    const { exchange, info } = this.#parts;
    if (this.#isHandedOn) {
      this.#code = code;
      if (isLongRunning(info)) void this.tell("ResponseStarted", code);
      return undefined;
    }
    const isOver = !isLongRunning(info) || code >= 400;
    const told = this.tell(isOver ? "ResponseComplete" : "ResponseStarted", code);
    if (!isOver) exchange.onClose(() => void this.tell("ResponseComplete", code));
    if (!(told instanceof Promise) || exchange.deadline?.isLate) return undefined;
    this.free?.();
    return told;
  }

  /** Tells of a stage, unless the policy leaves it out. False: the request must not go on. */
  tell(stage: Stage, code?: number): boolean | Promise<boolean> {
    const { wanted, exchange, info, id, user, sink, now } = this.#parts;
    if (wanted.omitStages.has(stage)) return true;
    const clean = (object: unknown) => (wanted.omitManagedFields ? withoutManagedFields(object) : object);
    const isOver = stage === "ResponseComplete" || stage === "Panic";
    const response = isOver ? this.#response?.() : undefined;
    const addresses = addressesOf(exchange);
    const agent = exchange.header("user-agent");
    const isTaken = sink.tell({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: wanted.level,
      auditID: id,
      stage,
      requestURI: exchange.url,
      verb: info.verb,
      user: user ? auditUser(user) : {},
      ...(this.#impersonated && { impersonatedUser: auditUser(this.#impersonated.user) }),
      ...(this.#impersonated?.constraint && {
        authenticationMetadata: { impersonationConstraint: this.#impersonated.constraint },
      }),
      ...(addresses.length && { sourceIPs: addresses }),
      ...(agent && { userAgent: agent }),
      ...(this.#reference && { objectRef: this.#reference }),
      ...(code !== undefined && { responseStatus: statusOf(this.#status, code) }),
      ...(this.#request !== undefined && { requestObject: clean(this.#request) }),
      ...(response !== undefined && { responseObject: clean(response) }),
      requestReceivedTimestamp: microTime(this.#received),
      stageTimestamp: microTime(now()),
      ...(this.#annotations && { annotations: this.#annotations }),
    });
    return isTaken ?? true;
  }
}

function referenceOf({ resource, namespace, name, group, version, subresource }: RequestInfo): ObjectReference {
  return {
    resource,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(group && { apiGroup: group }),
    apiVersion: version,
    ...(subresource && { subresource }),
  };
}

/** A refusal without what only its client needs. */
function statusOf(status: object | undefined, code: number): object {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = (status ?? {}) as Record<string, unknown>;
  return { metadata: {}, ...rest, code };
}

/** The client first, then the proxies in between as they say. */
function addressesOf(exchange: CoreExchange): string[] {
  const forwarded =
    exchange
      .header("x-forwarded-for")
      ?.split(",")
      .map((each) => each.trim()) ?? [];
  const real = exchange.header("x-real-ip")?.trim();
  const all = [...forwarded, ...(real ? [real] : []), exchange.peer.address].filter(Boolean);
  return [...new Set(all)];
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { metadata, items } = value as { metadata?: { managedFields?: unknown }; items?: unknown };
  const changed: Record<string, unknown> = { ...value };
  if (metadata?.managedFields) {
    const { managedFields: _managedFields, ...rest } = metadata;
    changed["metadata"] = rest;
  }
  if (Array.isArray(items)) changed["items"] = items.map(withoutManagedFields);
  return changed;
}
