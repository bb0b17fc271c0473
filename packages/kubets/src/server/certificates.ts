/** The certificates of a control plane, each for one purpose, from the cluster's own authority. */
import { mustParseCidr } from "@kubets/machinery/cidr";
import { DNS_USER } from "../addons/dns.ts";
import { INGRESS_USER } from "../addons/ingress.ts";
import { NETWORK_USER } from "../addons/network.ts";
import { STORAGE_USER } from "../addons/storage.ts";
import { ClusterPki, type KeyPair, type PkiOptions } from "../cluster/pki.ts";
import { METRICS_HOST } from "../metrics-api/addon.ts";

export interface ServerNames {
  readonly advertiseAddress: string;
  readonly more: readonly string[];
  readonly serviceCidr: string;
  readonly clusterDomain: string;
}

export function servingCertificate(
  pki: ClusterPki,
  { advertiseAddress, more, serviceCidr, clusterDomain }: ServerNames,
): KeyPair {
  const isAddress = (name: string) => /^[\d.]+$/.test(name) || name.includes(":");
  const serviceAddress = mustParseCidr(serviceCidr.split(",")[0] as string).nth(1);
  return pki.certificate("apiserver", {
    commonName: "kube-apiserver",
    usages: ["serverAuth"],
    dnsNames: [
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      `kubernetes.default.svc.${clusterDomain}`,
      "localhost",
      ...more.filter((n) => !isAddress(n)),
    ],
    ipAddresses: [
      ...new Set([
        "127.0.0.1",
        advertiseAddress,
        ...(serviceAddress ? [serviceAddress.toString()] : []),
        ...more.filter(isAddress),
      ]),
    ],
  });
}

/** Who the API server is to kubelets. */
export const kubeletClientCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("apiserver-kubelet-client", {
    commonName: "kube-apiserver-kubelet-client",
    organizations: ["system:masters"],
    usages: ["clientAuth"],
  });

/** The server of the metrics API, which is called by its service's name. */
export const metricsCertificate = (pki: ClusterPki, address: string): KeyPair =>
  pki.certificate("metrics", {
    commonName: "kubets-metrics",
    usages: ["serverAuth"],
    dnsNames: [METRICS_HOST],
    ipAddresses: [address],
  });

/** What the API server shows to servers behind it, from an authority of its own: whoever that signs for is believed about who the user is. */
export function frontProxy(folder: string, now: () => number, options: PkiOptions = {}) {
  const pki = new ClusterPki(folder, now, { ...options, authority: "front-proxy-ca" });
  return {
    ca: pki.caPem,
    client: (): KeyPair => pki.certificate("front-proxy-client", { commonName: FRONT_PROXY, usages: ["clientAuth"] }),
  };
}

export const FRONT_PROXY = "front-proxy-client";

/** The person who made the cluster. */
export const adminCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("admin", {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["clientAuth"],
  });

/** A node, to the API server and to those who call its kubelet. */
export const nodeCertificate = (pki: ClusterPki, node: string, address: string): KeyPair =>
  pki.certificate(`node-${node}`, {
    commonName: `system:node:${node}`,
    organizations: ["system:nodes"],
    usages: ["clientAuth", "serverAuth"],
    dnsNames: [node],
    ipAddresses: [address, "127.0.0.1"],
  });

/** The proxy of every node. */
export const proxyCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("kube-proxy", {
    commonName: "system:kube-proxy",
    organizations: ["system:node-proxier"],
    usages: ["clientAuth"],
  });

/** What makes volumes on a node. */
export const storageCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("storage", { commonName: STORAGE_USER, usages: ["clientAuth"] });

/** The DNS server of every node. */
export const dnsCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("dns", { commonName: DNS_USER, usages: ["clientAuth"] });

/** The pod network of every node. */
export const networkCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("network", { commonName: NETWORK_USER, usages: ["clientAuth"] });

export const ingressCertificate = (pki: ClusterPki): KeyPair =>
  pki.certificate("ingress", { commonName: INGRESS_USER, usages: ["clientAuth"] });
