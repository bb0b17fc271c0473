/**
 * Kubeconfig files: clusters, users and contexts by name, from one file or several.
 * Holds: of several files the first to name something wins; file names in a config are relative to the file that they stand in, and
 * are absolute after reading.
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import type { Reading } from "./reading.ts";

export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly currentContext: string;
}

export interface ClusterEntry {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
  readonly extensions?: readonly { readonly name: string; readonly extension: unknown }[];
}

export interface UserEntry {
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly "as-uid"?: string;
  readonly "as-groups"?: readonly string[];
  readonly "as-user-extra"?: Readonly<Record<string, readonly string[]>>;
  readonly exec?: ExecEntry;
  readonly "auth-provider"?: { readonly name: string };
}

export interface ExecEntry {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: "Never" | "IfAvailable" | "Always";
}

interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** A kubeconfig that cannot be used, and what to do about it. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";
}

const emptyKubeconfig: Kubeconfig = {
  clusters: new Map(),
  users: new Map(),
  contexts: new Map(),
  currentContext: "",
};

/** The files that are read: that of --kubeconfig, else those of $KUBECONFIG, else ~/.kube/config. */
export function kubeconfigPaths(explicit: string | undefined, { env, home }: Reading): string[] {
  if (explicit) return [explicit];
  const listed = (env.KUBECONFIG ?? "").split(":").filter((path) => path !== "");
  return listed.length > 0 ? listed : [join(home, ".kube", "config")];
}

/** Reads and merges. Files that are not there are passed over, but for one that was named by --kubeconfig. */
export async function loadKubeconfig(explicit: string | undefined, reading: Reading): Promise<Kubeconfig> {
  let merged = emptyKubeconfig;
  for (const path of kubeconfigPaths(explicit, reading)) {
    let text: string;
    try {
      text = await reading.readText(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT" && !explicit) continue;
      throw new KubeconfigError(`cannot read the kubeconfig ${path}`, { cause: error });
    }
    merged = mergeKubeconfigs(merged, parseKubeconfig(text, resolve(path)));
  }
  return merged;
}

/** Reads one file's text; `path` says where it stood. */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  let raw: unknown;
  try {
    raw = parseYaml(text);
  } catch (error) {
    throw new KubeconfigError(`error loading config file "${path}": ${(error as Error).message}`, { cause: error });
  }
  if (raw === null) return emptyKubeconfig;
  if (typeof raw !== "object" || Array.isArray(raw))
    throw new KubeconfigError(`error loading config file "${path}": it is no mapping`);
  const file = raw as Record<string, unknown>;
  const folder = dirname(path);
  return {
    clusters: named<ClusterEntry>(file.clusters, "cluster", (entry) =>
      located(entry, folder, ["certificate-authority"]),
    ),
    users: named<UserEntry>(file.users, "user", (entry) => locatedUser(entry, folder)),
    contexts: named<ContextEntry>(file.contexts, "context", (entry) => entry),
    currentContext: typeof file["current-context"] === "string" ? file["current-context"] : "",
  };
}

const mergeKubeconfigs = (first: Kubeconfig, second: Kubeconfig): Kubeconfig => ({
  clusters: new Map([...second.clusters, ...first.clusters]),
  users: new Map([...second.users, ...first.users]),
  contexts: new Map([...second.contexts, ...first.contexts]),
  currentContext: first.currentContext || second.currentContext,
});

/** The text of a file that says so. */
export function formatKubeconfig({ clusters, users, contexts, currentContext }: Kubeconfig): string {
  const listed = (entries: ReadonlyMap<string, object>, field: string) =>
    [...entries].map(([name, entry]) => ({ name, [field]: entry }));
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: listed(clusters, "cluster"),
    contexts: listed(contexts, "context"),
    "current-context": currentContext,
    users: listed(users, "user"),
  } as ReadonlyJson);
}

/** The list form of files, `[{ name, cluster: {...} }]`, as a map; the first of a name counts. */
function named<E extends object>(list: unknown, field: string, complete: (entry: E) => E): Map<string, E> {
  const found = new Map<string, E>();
  for (const item of Array.isArray(list) ? (list as Record<string, unknown>[]) : [])
    if (typeof item?.name === "string" && !found.has(item.name))
      found.set(item.name, complete((item[field] ?? {}) as E));
  return found;
}

function located<E extends object>(entry: E, folder: string, fields: readonly (keyof E)[]): E {
  const complete = { ...entry };
  for (const field of fields) {
    const path = entry[field];
    if (typeof path === "string" && path !== "" && !isAbsolute(path))
      complete[field] = join(folder, path) as E[keyof E];
  }
  return complete;
}

function locatedUser(entry: UserEntry, folder: string): UserEntry {
  const user = located(entry, folder, ["client-certificate", "client-key", "tokenFile"]);
  const command = user.exec?.command;
  // A bare name is looked for in the PATH; one with a slash stands beside the file.
  return user.exec && command?.includes("/") ? { ...user, exec: located(user.exec, folder, ["command"]) } : user;
}
