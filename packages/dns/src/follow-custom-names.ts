/**
 * Follows the ConfigMap of names that are added to the cluster's, and keeps a connection to the servers that it names.
 * Holds: a server that stays keeps what it was asked; who may not read the ConfigMap goes on without.
 */
import { configmaps } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import type { Cache } from "@kubets/client";
import type { Clock, Logger } from "@kubets/machinery";
import { type CustomNames, customNames, isBelow, NO_CUSTOM_NAMES } from "./custom-names.ts";
import type { Rdata } from "./record.ts";
import { Upstream, type UpstreamServer } from "./upstream.ts";

export const NAMES_KEY = { namespace: "kube-system", name: "kube-dns" } as const;

interface CustomNamesOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Those of the machine. */
  readonly upstreams: readonly UpstreamServer[];
}

interface FollowedNames {
  upstreamFor(name: string): Upstream | undefined;
  hostsAt(name: string): readonly Rdata[] | undefined;
  stop(): void;
}

export function followCustomNames({ cache, clock, log, upstreams }: CustomNamesOptions): FollowedNames {
  let names: CustomNames = NO_CUSTOM_NAMES;
  let known = new Map<string, Upstream>();
  const upstream = (servers: readonly UpstreamServer[], from: ReadonlyMap<string, Upstream>) => {
    const key = JSON.stringify(servers);
    return [key, from.get(key) ?? new Upstream({ servers, clock })] as const;
  };
  const take = (data: ConfigMap["data"]) => {
    names = customNames(data);
    for (const problem of names.problems) log.warn("a part of the ConfigMap kube-dns has no effect", { problem });
    const wanted = [...names.stubs.map(({ servers }) => servers), names.upstreams ?? upstreams];
    known = new Map(wanted.filter(({ length }) => length > 0).map((servers) => upstream(servers, known)));
  };
  take({});
  const isOurs = ({ metadata }: ConfigMap) => metadata.name === NAMES_KEY.name;
  const put = (map: ConfigMap) => void (isOurs(map) && take(map.data));
  const subscription = cache
    .informer<ConfigMap>(configmaps, {
      namespace: NAMES_KEY.namespace,
      fieldSelector: `metadata.name=${NAMES_KEY.name}`,
    })
    .subscribe({ added: put, changed: put, deleted: (map) => void (isOurs(map) && take({})) });
  return {
    upstreamFor(name) {
      const servers = names.stubs.find(({ domain }) => isBelow(name, domain))?.servers ?? names.upstreams ?? upstreams;
      return known.get(JSON.stringify(servers));
    },
    hostsAt: (name) => names.hosts.get(name),
    stop: () => subscription.stop(),
  };
}
