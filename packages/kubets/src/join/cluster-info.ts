/**
 * What anyone may read of a cluster before joining it: where it is and its authority, signed with each token (ConfigMap kube-public/cluster-info).
 * Holds: nothing of it is believed before the token's signature and the authority's hash, where one is given, have been checked.
 */
import { timingSafeEqual } from "node:crypto";
import { signatureOf } from "@kubets/controllers/bootstrapsigner/controller";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import { readCertificates, spkiPin } from "@kubets/wire/x509";
import type { BootstrapToken } from "./token.ts";

export interface ClusterInfo {
  readonly server: string;
  readonly ca: string;
}

export const INFO_NAMESPACE = "kube-public";
export const INFO_NAME = "cluster-info";
const CONTENT = "kubeconfig";

export function clusterInfoText({ server, ca }: ClusterInfo): string {
  const cluster = { "certificate-authority-data": Buffer.from(ca).toString("base64"), server };
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "", cluster }],
    contexts: [],
    "current-context": "",
    preferences: {},
    users: [],
  });
}

/** Throws with what to do when it is not what the token and the hashes vouch for. */
export function trustedClusterInfo(
  data: Readonly<Record<string, string>>,
  token: BootstrapToken,
  hashes: readonly string[],
): ClusterInfo {
  const content = data[CONTENT];
  const signature = data[`jws-kubeconfig-${token.id}`];
  if (!content || !signature)
    throw refuse(
      `the cluster does not know the token ${token.id}, or it has expired: make a new one with \`kubets token create --print-join-command\` on the server`,
    );
  if (!isSame(signature, signatureOf(content, token)))
    throw refuse(
      "the cluster's own description is not signed with this token: the token is wrong, or somebody between here and the server answers in its place",
    );
  const info = readClusterInfo(content);
  const pins = readCertificates(info.ca).map(({ publicKey }) => spkiPin(publicKey));
  if (hashes.length > 0 && !pins.some((pin) => hashes.includes(pin)))
    throw refuse(`the cluster's authority has the hash ${pins.join(", ")}, but --ca-hash says ${hashes.join(", ")}`);
  return info;
}

export function readClusterInfo(content: string): ClusterInfo {
  const { clusters } = parseYaml(content) as {
    clusters?: { cluster?: { server?: string; "certificate-authority-data"?: string } }[];
  };
  const { server, "certificate-authority-data": ca } = clusters?.[0]?.cluster ?? {};
  if (!server || !ca) throw refuse("the cluster's description names no server, or no authority");
  return { server, ca: Buffer.from(ca, "base64").toString() };
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

const refuse = (why: string): ExitError => new ExitError(exitCode.failure, why);
