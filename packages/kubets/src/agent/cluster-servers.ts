/**
 * Where the API servers of the cluster are, for when the one that a node was told of is gone: the endpoints of the service `kubernetes`, remembered in a file for
 * the next start.
 */
import { existsSync, readFileSync } from "node:fs";
import { endpointslices } from "@kubets/api/generated/refs";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Cache } from "@kubets/client";
import { deepEqual } from "@kubets/machinery";
import { joinHostPort } from "@kubets/machinery/ip";
import { writeSafely } from "../join/node-files.ts";

export class ClusterServers {
  readonly #file: string;
  #servers: readonly string[];

  constructor(file: string) {
    this.#file = file;
    this.#servers = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
  }

  get all(): readonly string[] {
    return this.#servers;
  }

  follow(cache: Pick<Cache, "informer">): void {
    const slices = cache.informer(endpointslices);
    const look = (slice: EndpointSlice) => {
      if (!isServers(slice)) return;
      const servers = slices.list().filter(isServers).flatMap(addressesOf).sort();
      // A cluster without any server could not tell so.
      if (servers.length === 0 || deepEqual(servers, this.#servers)) return;
      this.#servers = servers;
      writeSafely(this.#file, `${JSON.stringify(servers)}\n`);
    };
    slices.subscribe({ added: look, changed: look, deleted: look });
  }
}

const isServers = ({ metadata }: EndpointSlice): boolean =>
  metadata.namespace === "default" && metadata.labels?.["kubernetes.io/service-name"] === "kubernetes";

function addressesOf({ endpoints, ports }: EndpointSlice): string[] {
  const port = ports?.[0]?.port;
  return port
    ? endpoints.flatMap(({ addresses }) => addresses.map((address) => `https://${joinHostPort(address, port)}`))
    : [];
}
