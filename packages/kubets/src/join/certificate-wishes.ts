/** The certificates that a node asks for, each as its approver expects it. */
import type { CertificateWish } from "@kubets/client/certificates/request-certificate";
import { API_CLIENT, KUBELET_CLIENT, KUBELET_SERVING } from "@kubets/controllers/certificates/request";
import { parseIp } from "@kubets/machinery";
import { readCertificate } from "@kubets/wire/x509";
import { type CertificateSubject, NODE_USER_PREFIX, nodeSubject } from "./node-users.ts";

export const partWish = ({ commonName, organizations }: CertificateSubject): CertificateWish => ({
  signerName: API_CLIENT,
  commonName,
  organizations,
  usage: "client auth",
});

export const servingWish = (nodeName: string, addresses: readonly string[]): CertificateWish => ({
  signerName: KUBELET_SERVING,
  ...nodeSubject(nodeName),
  dnsNames: [nodeName],
  ipAddresses: addresses.filter((address) => !parseIp(address)?.isLoopback()),
  usage: "server auth",
});

/** For the same user again. */
export function wishOfCertificate(pem: string): CertificateWish {
  const { commonName, organizations } = readCertificate(pem);
  const wish = partWish({ commonName, organizations });
  return commonName.startsWith(NODE_USER_PREFIX) ? { ...wish, signerName: KUBELET_CLIENT } : wish;
}
