/**
 * How to reach an API server and as whom: from a context of a kubeconfig, or from what every pod finds mounted.
 * Holds: everything is checked here, with the file's words in the error, and trusted afterwards.
 */
import { join } from "node:path";
import { joinHostPort } from "@kubets/machinery/ip";
import { isProxyUrl } from "@kubets/wire/transport/proxy";
import { type Credentials, credentialsOf, FileToken, inlineOrFile } from "./credentials.ts";
import { type ClusterEntry, type Kubeconfig, KubeconfigError, loadKubeconfig, type UserEntry } from "./kubeconfig.ts";
import type { Reading } from "./reading.ts";

export interface Connection {
  /** "https://host:port", perhaps with a path. */
  readonly server: string;
  /** In PEM; the machine's own roots when absent. */
  readonly ca?: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  /** On the way to the server. */
  readonly proxy?: string | undefined;
  /** Whom the server's certificate must be for, if not the host of `server`. */
  readonly tlsServerName?: string | undefined;
  /** Sent with every request: impersonation. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly credentials: Credentials;
  /** The namespace that commands use when none is said. */
  readonly namespace: string;
}

interface ConnectionOptions {
  /** As --kubeconfig. */
  readonly kubeconfig?: string;
  /** As --context. */
  readonly context?: string;
}

/** By a kubeconfig; without any, as a pod. */
export async function connectionFrom(options: ConnectionOptions, reading: Reading): Promise<Connection> {
  const config = await loadKubeconfig(options.kubeconfig, reading);
  const isEmpty = config.contexts.size + config.clusters.size === 0;
  if (isEmpty && !options.kubeconfig && reading.env.KUBERNETES_SERVICE_HOST) return inClusterConnection(reading);
  return connectionOf(config, options.context, reading);
}

export async function connectionOf(
  config: Kubeconfig,
  context: string | undefined,
  reading: Reading,
): Promise<Connection> {
  const name = context || config.currentContext;
  if (!name)
    throw new KubeconfigError(
      "the kubeconfig has no current-context: name one with --context, or set it with `kubectl config use-context`",
    );
  const chosen = config.contexts.get(name);
  if (!chosen) throw new KubeconfigError(`context "${name}" does not exist${known("contexts", config.contexts)}`);
  const { cluster: clusterName = "", user: userName = "", namespace = "default" } = chosen;
  const cluster = config.clusters.get(clusterName);
  if (!cluster)
    throw new KubeconfigError(
      `cluster "${clusterName}" of context "${name}" does not exist${known("clusters", config.clusters)}`,
    );
  const user = config.users.get(userName);
  if (userName && !user)
    throw new KubeconfigError(`user "${userName}" of context "${name}" does not exist${known("users", config.users)}`);
  return connect(clusterName, cluster, user ?? {}, namespace || "default", reading);
}

async function connect(
  name: string,
  cluster: ClusterEntry,
  user: UserEntry,
  namespace: string,
  reading: Reading,
): Promise<Connection> {
  const ca = await inlineOrFile(
    cluster["certificate-authority-data"],
    cluster["certificate-authority"],
    "certificate-authority",
    reading,
  );
  const insecureSkipTlsVerify = cluster["insecure-skip-tls-verify"] ?? false;
  if (ca && insecureSkipTlsVerify)
    throw new KubeconfigError(
      `cluster "${name}": certificate-authority-data and insecure-skip-tls-verify exclude each other: remove one`,
    );
  return {
    server: serverUrl(name, cluster.server),
    ca,
    insecureSkipTlsVerify,
    proxy: proxyUrl(name, cluster["proxy-url"]),
    tlsServerName: cluster["tls-server-name"] || undefined,
    headers: impersonation(user),
    credentials: await credentialsOf(user, { cluster, ca }, reading),
    namespace,
  };
}

function serverUrl(cluster: string, server = ""): string {
  const text = /^[a-z]+:\/\//.test(server) ? server : `http://${server}`;
  if (!server || !URL.canParse(text))
    throw new KubeconfigError(
      `cluster "${cluster}" needs a server such as https://127.0.0.1:6443, but has ${JSON.stringify(server)}`,
    );
  const { protocol } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:")
    throw new KubeconfigError(`cluster "${cluster}": the server ${server} must be reached by https or http`);
  return text.replace(/\/+$/, "");
}

function proxyUrl(cluster: string, proxy = ""): string | undefined {
  if (proxy && !isProxyUrl(proxy))
    throw new KubeconfigError(
      `cluster "${cluster}": proxy-url must be such as http://proxy:3128, https:// or socks5://, but is ${JSON.stringify(proxy)}`,
    );
  return proxy || undefined;
}

export function impersonation(user: UserEntry): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  const extra = Object.entries(user["as-user-extra"] ?? {});
  if (!user.as && (user["as-uid"] || user["as-groups"]?.length || extra.length > 0))
    throw new KubeconfigError("requesting uid, groups or user-extra without impersonating a user: set `as` as well");
  if (user.as) headers["Impersonate-User"] = user.as;
  if (user["as-uid"]) headers["Impersonate-Uid"] = user["as-uid"];
  if (user["as-groups"]?.length) headers["Impersonate-Group"] = user["as-groups"];
  for (const [key, values] of extra) headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
  return headers;
}

const known = (what: string, entries: ReadonlyMap<string, unknown>): string =>
  `: the kubeconfig has ${entries.size > 0 ? `the ${what} ${[...entries.keys()].join(", ")}` : `no ${what}`}`;

const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** As a pod: the server by the environment, CA, token and namespace by the mount of its service account. */
export async function inClusterConnection(reading: Reading): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = reading.env;
  if (!host || !port)
    throw new KubeconfigError(
      "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
    );
  const token = new FileToken(join(MOUNT, "token"), undefined, reading);
  await token.read();
  const ca = await inlineOrFile(undefined, join(MOUNT, "ca.crt"), "ca.crt", reading);
  const namespace = await reading.readText(join(MOUNT, "namespace")).catch(() => "default");
  return {
    server: `https://${joinHostPort(host, port)}`,
    ca,
    insecureSkipTlsVerify: false,
    headers: {},
    credentials: {
      authorization: async () => `Bearer ${await token.read()}`,
      certificate: async () => undefined,
      refused: () => token.forget(),
    },
    namespace: namespace.trim() || "default",
  };
}
