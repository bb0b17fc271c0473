/** The certificates that a node asks for, each as its approver expects it. */
import { KUBELET_CLIENT, NODE_USER_PREFIX } from "@kubets/client/certificates/node-wishes";
import type { CertificateWish } from "@kubets/client/certificates/request-certificate";
import { API_CLIENT } from "@kubets/controllers/certificates/request";
import { readCertificate } from "@kubets/wire/x509";
import { type CertificateSubject } from "./node-users.ts";

export const partWish = ({ commonName, organizations }: CertificateSubject): CertificateWish => ({
  signerName: API_CLIENT,
  commonName,
  organizations,
  usage: "client auth",
});

/** For the same user again. */
export function wishOfCertificate(pem: string): CertificateWish {
  const { commonName, organizations } = readCertificate(pem);
  const wish = partWish({ commonName, organizations });
  return commonName.startsWith(NODE_USER_PREFIX) ? { ...wish, signerName: KUBELET_CLIENT } : wish;
}
