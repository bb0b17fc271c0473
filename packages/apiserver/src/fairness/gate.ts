/**
 * Where each request waits for its turn, or is turned away with 429. `run` is given what frees the request's seats early; they are free at the
 * latest when its answer begins (a client that reads slowly keeps none) or its client is gone.
 */
import { tooManyRequests } from "@kubets/machinery";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import { onAnswer } from "../front/on-answer.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Fairness } from "./fairness.ts";
import type { InFlightLimit } from "./in-flight-limit.ts";
import { isLongRunning } from "./long-running.ts";
import { WRITES } from "./width.ts";

type Done = void | Promise<void>;
export type Run = (free: (() => void) | undefined) => Done;
export type Gate = (exchange: CoreExchange, info: RequestInfo, user: User, run: Run) => Done;

/** Told of each request that is turned away. */
export type Refused = (exchange: CoreExchange, info: RequestInfo) => void;

/** Callers in this process wait for seats alone: they take the loop anyway. */
export function fairGate(fairness: Fairness, refused: Refused): Gate {
  return (exchange, info, user, run) => {
    if (isLongRunning(info) && info.verb !== "watch") return run(undefined);
    let turn: { start(): void; refuse(): void } | undefined;
    const later = { start: () => turn?.start(), refuse: () => turn?.refuse() };
    const { level, ticket, headers } = fairness.enter(info, user, later, !exchange.direct);
    exchange.addHeaders(headers);
    if (ticket.state === "done")
      return new Promise((resolve) => fairness.turns.refuse(() => resolve(refuse(exchange, info, refused))));
    const free = () => level.leave(ticket);
    exchange.onClose(free);
    // From then on it is the client that takes its time.
    onAnswer(exchange, free);
    if (exchange.audit) exchange.audit.free = free;
    const begin = () => (level.exempt ? run(free) : fairness.turns.run(WRITES.has(info.verb), () => run(free)));
    if (ticket.state === "running") return begin();
    return new Promise<void>((resolve, reject) => {
      turn = {
        start() {
          try {
            resolve(begin());
          } catch (error) {
            reject(error as Error);
          }
        },
        refuse: () => resolve(refuse(exchange, info, refused)),
      };
    });
  };
}

export function limitGate(limit: InFlightLimit, refused: Refused): Gate {
  return (exchange, info, user, run) => {
    if (isLongRunning(info)) return run(undefined);
    const leave = limit.enter(info, user);
    if (!leave) return refuse(exchange, info, refused);
    exchange.onClose(leave);
    if (exchange.audit) exchange.audit.free = leave;
    return run(leave);
  };
}

export const TOO_MANY_REQUESTS = 429;
const WHY = "Too many requests, please try again later.";
const HEADERS = ["content-type", "text/plain; charset=utf-8", "x-content-type-options", "nosniff", "retry-after", "1"];

function refuse(exchange: CoreExchange, info: RequestInfo, refused: Refused): void {
  refused(exchange, info);
  if (exchange.direct) exchange.direct.respond(TOO_MANY_REQUESTS, tooManyRequests(WHY, 1).status);
  else exchange.respond(TOO_MANY_REQUESTS, HEADERS, Buffer.from(`${WHY}\n`));
}
