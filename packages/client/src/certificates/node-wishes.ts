/** Who a node is to the API server, and the certificates that it asks for: the one that it shows there, and the one that its kubelet serves with. */
import { parseIp } from "@kubets/machinery/ip";
import type { CertificateWish } from "./request-certificate.ts";

export const KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
export const KUBELET_SERVING = "kubernetes.io/kubelet-serving";

export const NODE_GROUP = "system:nodes";
export const NODE_USER_PREFIX = "system:node:";

export const nodeSubject = (
  node: string,
): { readonly commonName: string; readonly organizations: readonly string[] } => ({
  commonName: NODE_USER_PREFIX + node,
  organizations: [NODE_GROUP],
});

export const nodeWish = (nodeName: string): CertificateWish => ({
  signerName: KUBELET_CLIENT,
  ...nodeSubject(nodeName),
  usage: "client auth",
});

export const servingWish = (nodeName: string, addresses: readonly string[]): CertificateWish => ({
  signerName: KUBELET_SERVING,
  ...nodeSubject(nodeName),
  dnsNames: [nodeName],
  ipAddresses: addresses.filter((address) => !parseIp(address)?.isLoopback()),
  usage: "server auth",
});
