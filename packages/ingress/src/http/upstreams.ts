/**
 * Connections to all servers behind the ingress: idle ones are used again, newest first.
 * Holds: an idle connection is let go before the server would (by what it said of that, or after the time that most keep one), and at once
 * when its server is forgotten.
 */
import { H1Upstream } from "./h1-upstream.ts";
import { H2Upstreams } from "./h2-upstream.ts";
import {
  type Outgoing,
  type OutgoingHandlers,
  type OutgoingRequest,
  type Target,
  type Timeouts,
  targetKey,
} from "./outgoing.ts";

/** Node.js and some others keep idle connections for no longer than five seconds, and not all of them say so. */
const IDLE_MS = 4000;
const LONGEST_IDLE_MS = 60_000;
/** A server that says until when it waits may mean the moment at which it last sent something. */
const MARGIN_MS = 1000;
const MOST_IDLE = 64;

export class Upstreams {
  readonly #idle = new Map<string, H1Upstream[]>();
  readonly #h2 = new H2Upstreams();

  send(target: Target, request: OutgoingRequest, timeouts: Timeouts, handlers: OutgoingHandlers): Outgoing {
    if (target.protocol === "h2") return this.#h2.send(target, request, timeouts, handlers);
    const key = `${targetKey(target)} ${target.isSecure ? request.serverName : ""}`;
    const connection = this.#idle.get(key)?.pop() ?? this.#open(key, target, request.serverName);
    connection.start(request, timeouts, handlers);
    return connection;
  }

  #open(key: string, target: Target, serverName: string): H1Upstream {
    return new H1Upstream(
      target,
      serverName,
      (connection, keptMs) => this.#keep(key, connection, keptMs),
      (connection) => this.#drop(key, connection),
    );
  }

  #keep(key: string, connection: H1Upstream, keptMs: number): void {
    const ms = keptMs > 0 ? Math.min(keptMs - MARGIN_MS, LONGEST_IDLE_MS) : IDLE_MS;
    const idle = this.#idle.get(key) ?? [];
    if (ms <= 0 || idle.length >= MOST_IDLE) {
      connection.destroy();
      return;
    }
    this.#idle.set(key, idle);
    idle.push(connection);
    connection.rest(ms);
  }

  #drop(key: string, connection: H1Upstream): void {
    const idle = this.#idle.get(key);
    const at = idle?.indexOf(connection) ?? -1;
    if (at < 0) return;
    idle?.splice(at, 1);
    if (idle?.length === 0) this.#idle.delete(key);
  }

  /** These addresses ("IP PORT") serve no more: what is under way goes on, what is idle ends. */
  forget(addresses: ReadonlySet<string>): void {
    for (const [key, idle] of this.#idle) {
      const [, host, port] = key.split(" ");
      if (!addresses.has(`${host} ${port}`)) continue;
      this.#idle.delete(key);
      for (const connection of idle) connection.destroy();
    }
    this.#h2.forget(addresses);
  }

  close(): void {
    for (const idle of this.#idle.values()) for (const connection of idle) connection.destroy();
    this.#idle.clear();
    this.#h2.close();
  }
}
