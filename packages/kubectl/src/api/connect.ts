/**
 * The way to the API server that the kubeconfig and the global flags name together; a flag goes before the file.
 * Holds: without any configuration the server is localhost:8080, as for kubectl, unless the caller knows of a cluster.
 */
import { resolve } from "node:path";
import { authenticated } from "@kubets/client/kubeconfig/authenticated-transport";
import { type Connection, connectionFrom, connectionOf } from "@kubets/client/kubeconfig/connection";
import {
  type ClusterEntry,
  type Kubeconfig,
  kubeconfigPaths,
  loadKubeconfig,
  type UserEntry,
} from "@kubets/client/kubeconfig/kubeconfig";
import { openHttp } from "@kubets/client/kubeconfig/open-client";
import type { Reading } from "@kubets/client/kubeconfig/reading";
import { PlainError } from "../errors.ts";
import type { GlobalValues } from "../global-flags.ts";
import { environmentProxy } from "./environment-proxy.ts";
import type { Link } from "./rest.ts";
import { type Tracing, traced } from "./trace.ts";

export interface ConfigSource {
  readonly reading: Reading;
  /** The kubeconfig to use where neither flag, environment nor home names one. */
  readonly defaultKubeconfig?: () => string | undefined | Promise<string | undefined>;
}

/** The configuration of flag, environment or home, else that of the cluster the caller knows of. */
export async function loadConfig(flags: GlobalValues, source: ConfigSource): Promise<Kubeconfig> {
  const config = await loadKubeconfig(flags.kubeconfig || undefined, source.reading);
  if (!isEmpty(config) || flags.kubeconfig || source.reading.env.KUBECONFIG) return config;
  const fallback = await source.defaultKubeconfig?.();
  return fallback ? loadKubeconfig(fallback, source.reading) : config;
}

const isEmpty = ({ clusters, contexts }: Kubeconfig): boolean => clusters.size + contexts.size === 0;

/** The file that `config` changes. */
export async function configPath(flags: GlobalValues, source: ConfigSource): Promise<string> {
  const paths = kubeconfigPaths(flags.kubeconfig || undefined, source.reading);
  const first = paths[0] as string;
  if (flags.kubeconfig || source.reading.env.KUBECONFIG) return first;
  const exists = await source.reading.readText(first).then(
    () => true,
    () => false,
  );
  return exists ? first : ((await source.defaultKubeconfig?.()) ?? first);
}

export async function connectionBy(flags: GlobalValues, source: ConfigSource): Promise<Connection> {
  const connection = await configuredConnection(flags, source);
  return connection.proxy
    ? connection
    : { ...connection, proxy: environmentProxy(connection.server, source.reading.env) };
}

async function configuredConnection(flags: GlobalValues, source: ConfigSource): Promise<Connection> {
  const config = await loadConfig(flags, source);
  const { reading } = source;
  if (isEmpty(config) && !flags.server) {
    if (reading.env.KUBERNETES_SERVICE_HOST) return connectionFrom({}, reading);
    return connectionOf(withFlags(config, { ...flags, server: "http://localhost:8080" }), OWN, reading);
  }
  return connectionOf(withFlags(config, flags), OWN, reading);
}

/** The name of the context that the flags make. */
const OWN = "\0flags";

function withFlags(config: Kubeconfig, flags: GlobalValues): Kubeconfig {
  const name = flags.context || config.currentContext;
  const context = config.contexts.get(name);
  if (flags.context && !context) throw new PlainError(`error: context "${flags.context}" does not exist`);
  const clusterName = flags.cluster || context?.cluster || "";
  const userName = flags.user || context?.user || "";
  if (flags.cluster && !config.clusters.has(clusterName))
    throw new PlainError(`error: cluster "${clusterName}" does not exist`);
  if (flags.user && !config.users.has(userName)) throw new PlainError(`error: auth info "${userName}" does not exist`);
  const cluster = clusterOf(config.clusters.get(clusterName) ?? {}, flags);
  if (!cluster.server) cluster.server = "http://localhost:8080";
  return {
    ...config,
    contexts: new Map([[OWN, { ...context, cluster: OWN, user: OWN }]]),
    clusters: new Map([[OWN, cluster]]),
    users: new Map([[OWN, userOf(config.users.get(userName) ?? {}, flags)]]),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function clusterOf(entry: ClusterEntry, flags: GlobalValues): Mutable<ClusterEntry> {
  const cluster: Mutable<ClusterEntry> = { ...entry };
  if (flags.server) cluster.server = flags.server;
  if (flags["tls-server-name"]) cluster["tls-server-name"] = flags["tls-server-name"];
  if (flags["certificate-authority"]) {
    cluster["certificate-authority"] = resolve(flags["certificate-authority"]);
    delete cluster["certificate-authority-data"];
  }
  if (flags["insecure-skip-tls-verify"]) {
    cluster["insecure-skip-tls-verify"] = true;
    delete cluster["certificate-authority"];
    delete cluster["certificate-authority-data"];
  }
  return cluster;
}

function userOf(entry: UserEntry, flags: GlobalValues): UserEntry {
  let user: Mutable<UserEntry> = { ...entry };
  if (flags.token) user = { ...impersonationOf(user), token: flags.token };
  if (flags.username) user = { ...impersonationOf(user), username: flags.username, password: flags.password };
  if (flags["client-certificate"]) {
    user["client-certificate"] = resolve(flags["client-certificate"]);
    delete user["client-certificate-data"];
  }
  if (flags["client-key"]) {
    user["client-key"] = resolve(flags["client-key"]);
    delete user["client-key-data"];
  }
  if (flags.as) user.as = flags.as;
  if (flags["as-user-extra"].length > 0) user["as-user-extra"] = extraOf(flags["as-user-extra"]);
  if (flags["as-uid"]) user["as-uid"] = flags["as-uid"];
  if (flags["as-group"].length > 0) user["as-groups"] = flags["as-group"];
  return user;
}

function extraOf(written: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const each of written) {
    const [key = "", value] = each.split(/=(.*)/s);
    if (value === undefined)
      throw new PlainError(`error: invalid --as-user-extra ${JSON.stringify(each)}: must be key=value`);
    extra[key] = [...(extra[key] ?? []), value];
  }
  return extra;
}

const impersonationOf = (user: UserEntry): UserEntry => ({
  ...(user.as && { as: user.as }),
  ...(user["as-uid"] && { "as-uid": user["as-uid"] }),
  ...(user["as-groups"] && { "as-groups": user["as-groups"] }),
});

export async function openLink(
  connection: Connection,
  tracing: Omit<Tracing, "server"> = { level: 0, note: () => {} },
): Promise<Link> {
  const http = await openHttp(connection);
  const identity = async (): Promise<Record<string, string>> => {
    const authorization = await connection.credentials.authorization();
    return { ...(authorization && { authorization }), ...(connection.headers as Record<string, string>) };
  };
  return {
    server: connection.server,
    transport: authenticated(traced(http, { ...tracing, server: connection.server }), connection),
    identity,
    connect: () => http.connect(),
    upgrade: async (request) => http.upgrade({ ...request, headers: { ...(await identity()), ...request.headers } }),
  };
}
