/** Audit as the core sees it: begins a record where the policy wants one, and tells its stages as the answer goes out. */
import { type Clock, internalError } from "@kubets/machinery";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import { onAnswer } from "../front/on-answer.ts";
import type { RequestInfo } from "../request-info.ts";
import type { AuditMetrics } from "./metrics.ts";
import type { compilePolicy } from "./policy.ts";
import { AuditRecord, type AuditSink } from "./record.ts";

const LONGEST_ID = 64;

/** A promise is to be waited for before the refusal goes out. */
type Told = ReturnType<AuditRecord["tell"]> | undefined;

export class Audit {
  readonly #wanted: ReturnType<typeof compilePolicy>;
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  readonly #metrics: AuditMetrics | undefined;

  constructor(policy: ReturnType<typeof compilePolicy>, sink: AuditSink, clock: Clock, metrics?: AuditMetrics) {
    this.#wanted = policy;
    this.#sink = sink;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** Of a request of somebody who is known. Throws when it must not go on, because it cannot be told of. */
  begin(exchange: CoreExchange, info: RequestInfo, user: User, id: string): void | Promise<void> {
    const record = this.#record(exchange, info, user, id);
    if (!record) return;
    const taken = record.tell("RequestReceived");
    return taken instanceof Promise
      ? taken.then((isTaken) => this.#received(exchange, record, isTaken))
      : this.#received(exchange, record, taken);
  }

  #received(exchange: CoreExchange, record: AuditRecord, isTaken: boolean): void {
    if (!isTaken) {
      this.#metrics?.rejected();
      throw internalError(new Error("failed to store audit event"));
    }
    exchange.audit = record;
    onAnswer(exchange, (code) => void record.answered(code));
  }

  /** Of a request that nobody is known for, and that is refused for that. */
  unauthenticated(exchange: CoreExchange, info: RequestInfo, id: string): Told {
    const tried = exchange.header("authorization") ? "attempted: bearer" : "no credentials provided";
    const message = `Authentication failed, ${tried}`;
    return this.refused(exchange, info, id, { status: "Failure", message, reason: "Unauthorized" }, 401);
  }

  /** Of a request that is refused before anybody is known. */
  refused(exchange: CoreExchange, info: RequestInfo, id: string, status: object, code: number): Told {
    const record = this.#record(exchange, info, undefined, id);
    record?.status(status);
    return record?.tell("ResponseStarted", code);
  }

  #record(exchange: CoreExchange, info: RequestInfo, user: User | undefined, id: string): AuditRecord | undefined {
    const wanted = this.#wanted(info, user);
    this.#metrics?.request(wanted?.level ?? "None");
    if (!wanted) return undefined;
    const now = () => this.#clock.now();
    return new AuditRecord({ id: id.slice(0, LONGEST_ID), wanted, exchange, info, user, sink: this.#sink, now });
  }
}
