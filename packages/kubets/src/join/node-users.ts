/** Who the parts of a node are to the API server. Each has a certificate of its own, so that none has more rights than its work takes. */
import { DNS_USER } from "../addons/dns.ts";
import { NETWORK_USER } from "../addons/network.ts";
import { STORAGE_USER } from "../addons/storage.ts";

export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

export const NODE_PARTS = {
  proxy: { commonName: "system:kube-proxy", organizations: ["system:node-proxier"] },
  dns: { commonName: DNS_USER, organizations: [] },
  storage: { commonName: STORAGE_USER, organizations: [] },
  network: { commonName: NETWORK_USER, organizations: [] },
} as const satisfies Record<string, CertificateSubject>;

export type NodePart = keyof typeof NODE_PARTS;
