/**
 * How a kubelet that has only what all newcomers have (`--bootstrap-kubeconfig`) comes to be its node: it asks for a certificate, and writes the kubeconfig that it
 * uses from then on.
 * Holds: a kubeconfig whose certificate is not over is left as it is.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { nodeWish } from "@kubets/client/certificates/node-wishes";
import { requestCertificate } from "@kubets/client/certificates/request-certificate";
import { type Connection, connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import type { Reading } from "@kubets/client/kubeconfig/reading";
import type { Clock, Logger } from "@kubets/machinery";
import { toYaml } from "@kubets/machinery/yaml";
import { readCertificate } from "@kubets/wire/x509";
import type { CertificateStore } from "./certificate-store.ts";

interface BootstrapOptions {
  /** Written when it is not there, or what it has is over. */
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  readonly nodeName: string;
  readonly store: CertificateStore;
  readonly reading: Reading;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { kubeconfig, bootstrapKubeconfig, nodeName, store, reading, clock, log, signal } = options;
  if (await isGood(kubeconfig, reading, clock)) return;
  const connection = await connectionFrom({ kubeconfig: bootstrapKubeconfig }, reading);
  const { client, transport } = await openClient(connection, "kubelet");
  try {
    log.info("asking for a certificate", { node: nodeName, server: connection.server });
    store.write(await requestCertificate(nodeWish(nodeName), { client, clock, signal }));
  } finally {
    await transport.close();
  }
  mkdirSync(dirname(kubeconfig), { recursive: true });
  writeFileSync(`${kubeconfig}.new`, kubeconfigText(connection, store.current), { mode: 0o600 });
  renameSync(`${kubeconfig}.new`, kubeconfig);
}

async function isGood(kubeconfig: string, reading: Reading, clock: Clock): Promise<boolean> {
  if (!existsSync(kubeconfig)) return false;
  try {
    const { credentials } = await connectionFrom({ kubeconfig }, reading);
    const certificate = await credentials.certificate();
    return certificate !== undefined && readCertificate(certificate.cert).notAfter > clock.now();
  } catch {
    return false;
  }
}

/** The certificate stands in a file of its own, which is renewed. */
function kubeconfigText({ server, ca, insecureSkipTlsVerify, tlsServerName }: Connection, certificate: string): string {
  const cluster = {
    server,
    ...(ca && { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
    ...(insecureSkipTlsVerify && { "insecure-skip-tls-verify": true }),
    ...(tlsServerName && { "tls-server-name": tlsServerName }),
  };
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "default-cluster", cluster }],
    contexts: [
      { name: "default-context", context: { cluster: "default-cluster", namespace: "default", user: "default-auth" } },
    ],
    "current-context": "default-context",
    preferences: {},
    users: [{ name: "default-auth", user: { "client-certificate": certificate, "client-key": certificate } }],
  });
}
