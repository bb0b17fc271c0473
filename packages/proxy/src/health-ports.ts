/**
 * The health check node ports of services of type LoadBalancer whose outside traffic stays on its node: a balancer asks there whether this node has
 * endpoints, and how many.
 * Holds: a port is open as long as its service wants it; what stands in the way of one is told, and does not touch the others.
 */
import type { Server } from "node:http";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { Logger } from "@kubets/machinery";
import { serve } from "./proxy-server.ts";

export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Ready ones on this node, each address once. */
  readonly localEndpoints: number;
}

export function healthPortOf({ spec }: Service): number | undefined {
  if (spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local") return undefined;
  return spec.healthCheckNodePort || undefined;
}

interface Open {
  readonly server: Promise<Server | undefined>;
  health: ServiceHealth;
}

export class HealthPorts {
  readonly #isWell: () => boolean;
  readonly #log: Logger;
  readonly #open = new Map<number, Open>();

  /** `isWell`: whether the proxy is in step. */
  constructor(isWell: () => boolean, log: Logger) {
    this.#isWell = isWell;
    this.#log = log;
  }

  /** Opens, closes and tells anew, so that these are what there is. Resolves when the ports are open. */
  async set(wanted: Iterable<ServiceHealth>): Promise<void> {
    const ports = new Map([...wanted].map((health) => [health.port, health]));
    for (const [port, { server }] of this.#open) {
      if (ports.has(port)) continue;
      this.#open.delete(port);
      void server.then(close);
    }
    for (const [port, health] of ports) {
      const open = this.#open.get(port);
      if (open) open.health = health;
      else this.#open.set(port, { health, server: this.#listen(port, health) });
    }
    await Promise.all([...this.#open.values()].map(({ server }) => server));
  }

  async #listen(port: number, { namespace, name }: ServiceHealth): Promise<Server | undefined> {
    try {
      return await serve(
        (_, response) => {
          const { health } = this.#open.get(port) as Open;
          const { localEndpoints } = health;
          const serviceProxyHealthy = this.#isWell();
          response.writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
            "content-type": "application/json",
            "x-content-type-options": "nosniff",
            "x-load-balancing-endpoint-weight": String(localEndpoints),
          });
          const service = { namespace: health.namespace, name: health.name };
          response.end(JSON.stringify({ service, localEndpoints, serviceProxyHealthy }, undefined, "\t"));
        },
        { port },
      );
    } catch (error) {
      this.#log.warn("a health check node port could not be opened", { port, service: `${namespace}/${name}`, error });
      // Tried again with the next change.
      this.#open.delete(port);
      return undefined;
    }
  }
}

function close(server: Server | undefined): void {
  server?.close();
  server?.closeAllConnections();
}
