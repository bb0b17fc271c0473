/** Kubeconfigs that the program writes: for people, and for its own parts on nodes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { toYaml } from "@kubets/machinery/yaml";
import type { KeyPair } from "./pki.ts";

interface KubeconfigContent {
  readonly cluster: string;
  readonly server: string;
  readonly ca: string;
  readonly user: string;
  readonly credentials: KeyPair;
}

export function kubeconfigText({ cluster, server, ca, user, credentials }: KubeconfigContent): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { "certificate-authority-data": base64(ca), server } }],
    contexts: [{ name: cluster, context: { cluster, user } }],
    "current-context": cluster,
    preferences: {},
    users: [
      {
        name: user,
        user: { "client-certificate-data": base64(credentials.cert), "client-key-data": base64(credentials.key) },
      },
    ],
  });
}

export function writeKubeconfig(path: string, content: KubeconfigContent): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, kubeconfigText(content), { mode: 0o600 });
}
