/** What a node that joined keeps in its folder: who it and its parts are, what its kubelet serves with, and what all nodes share. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import { parseYaml } from "@kubets/machinery/yaml";
import { readCertificate } from "@kubets/wire/x509";
import { kubeconfigText } from "../cluster/kubeconfig.ts";
import type { ClusterInfo } from "./cluster-info.ts";
import type { NodePart } from "./node-users.ts";
import type { ClusterSettings } from "./publish.ts";

export class NodeFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  kubeconfig(who: "node" | NodePart): string {
    return join(this.folder, `${who}.kubeconfig`);
  }

  get ca(): string {
    return join(this.folder, "ca.crt");
  }

  get servingCert(): string {
    return join(this.folder, "serving.crt");
  }

  get servingKey(): string {
    return join(this.folder, "serving.key");
  }

  /** The servers of the cluster, as last seen. */
  get servers(): string {
    return join(this.folder, "servers.json");
  }

  get #settings(): string {
    return join(this.folder, "settings.json");
  }

  readSettings(): ClusterSettings | undefined {
    return existsSync(this.#settings)
      ? (JSON.parse(readFileSync(this.#settings, "utf8")) as ClusterSettings)
      : undefined;
  }

  writeSettings(settings: ClusterSettings): void {
    writeSafely(this.#settings, `${JSON.stringify(settings)}\n`);
  }
}

export interface WrittenIdentity {
  readonly user: string;
  readonly info: ClusterInfo;
  readonly certificate: ClientCertificate;
}

export function writeIdentity(path: string, { user, info, certificate }: WrittenIdentity): void {
  writeSafely(path, kubeconfigText({ cluster: "kubets", ...info, user, credentials: certificate }));
}

/** Nothing when the file is not there, or is no kubeconfig with a certificate in it. */
export function readIdentity(path: string): WrittenIdentity | undefined {
  if (!existsSync(path)) return undefined;
  const { clusters, users } = parseYaml(readFileSync(path, "utf8")) as {
    clusters?: { cluster: { server: string; "certificate-authority-data": string } }[];
    users?: { name: string; user: { "client-certificate-data": string; "client-key-data": string } }[];
  };
  const [cluster, user] = [clusters?.[0]?.cluster, users?.[0]];
  if (!cluster || !user?.user["client-certificate-data"]) return undefined;
  const text = (base64: string) => Buffer.from(base64, "base64").toString();
  return {
    user: user.name,
    info: { server: cluster.server, ca: text(cluster["certificate-authority-data"]) },
    certificate: { cert: text(user.user["client-certificate-data"]), key: text(user.user["client-key-data"]) },
  };
}

export const isOver = (certificate: string, now: number): boolean => readCertificate(certificate).notAfter <= now;

/** Nobody sees half a file, nor a key that others may read. */
export function writeSafely(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
