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

/** Callers in this process wait for seats alone: they take the loop anyway. */
export function fairGate(fairness: Fairness): Gate {
  return (exchange, info, user, run) => {
    if (isLongRunning(info) && info.verb !== "watch") return run(undefined);
    let turn: { start(): void; refuse(): void } | undefined;
    const later = { start: () => turn?.start(), refuse: () => turn?.refuse() };
    const { level, ticket, headers } = fairness.enter(info, user, later, !exchange.direct);
    exchange.addHeaders(headers);
    if (ticket.state === "done")
      return new Promise((resolve) => fairness.turns.refuse(() => resolve(refuse(exchange))));
    const free = () => level.leave(ticket);
    exchange.onClose(free);
    // From then on it is the client that takes its time.
    onAnswer(exchange, free);
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
        refuse: () => resolve(refuse(exchange)),
      };
    });
  };
}

export function limitGate(limit: InFlightLimit): Gate {
  return (exchange, info, user, run) => {
    if (isLongRunning(info)) return run(undefined);
    const leave = limit.enter(info, user);
    if (!leave) return refuse(exchange);
    exchange.onClose(leave);
    return run(leave);
  };
}

const WHY = "Too many requests, please try again later.";
const HEADERS = ["content-type", "text/plain; charset=utf-8", "x-content-type-options", "nosniff", "retry-after", "1"];

function refuse(exchange: CoreExchange): void {
  if (exchange.direct) exchange.direct.respond(429, tooManyRequests(WHY, 1).status);
  else exchange.respond(429, HEADERS, Buffer.from(`${WHY}\n`));
}
