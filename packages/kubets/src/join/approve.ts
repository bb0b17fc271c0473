/**
 * Approves the certificates that nodes need beside the kubelet's own client certificate, which the controllers approve: what their kubelets serve
 * with, and who their proxies, DNS servers and the like are.
 * Holds: only a node's own user gets any; a serving certificate names that node alone, and no address of a server or of another node; everything
 * else is left to people.
 */
import { certificatesigningrequests, nodes } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Controller, on, reads } from "@kubets/client";
import { KUBELET_SERVING, NODE_GROUP, NODE_USER_PREFIX } from "@kubets/client/certificates/node-wishes";
import { approve } from "@kubets/controllers/certificates/approve";
import {
  API_CLIENT,
  hasFailed,
  isApproved,
  isDenied,
  kubeletServingProblem,
  requestOf,
} from "@kubets/controllers/certificates/request";
import { deepEqual } from "@kubets/machinery";
import type { SigningRequest } from "@kubets/wire/x509";
import { NODE_PARTS } from "./node-users.ts";

interface ApprovalGround {
  /** Names and addresses of the API servers. */
  readonly servers: readonly string[];
  readonly nodes: readonly Node[];
}

/** Why it is approved, in words; nothing when it is not. */
export function approval(
  csr: CertificateSigningRequest,
  request: SigningRequest,
  { servers, nodes }: ApprovalGround,
): string | undefined {
  const { username = "", groups = [], signerName, usages = [] } = csr.spec;
  if (!username.startsWith(NODE_USER_PREFIX) || !groups.includes(NODE_GROUP)) return undefined;
  const nodeName = username.slice(NODE_USER_PREFIX.length);
  if (signerName === API_CLIENT) return isPart(request, usages) ? "a part of a node" : undefined;
  if (signerName !== KUBELET_SERVING || request.commonName !== username) return undefined;
  if (kubeletServingProblem(request, usages)) return undefined;
  const foreign = new Set([...servers, ...nodes.filter(({ metadata }) => metadata.name !== nodeName).flatMap(namesOf)]);
  const isOwn = request.dnsNames.every((name) => name === nodeName && !foreign.has(name));
  return isOwn && !request.ipAddresses.some((ip) => foreign.has(ip)) ? "the kubelet's serving certificate" : undefined;
}

const namesOf = ({ metadata, status }: Node): string[] => [
  metadata.name ?? "",
  ...(status.addresses ?? []).map(({ address }) => address),
];

function isPart(request: SigningRequest, usages: readonly string[]): boolean {
  const { commonName, organizations, dnsNames, ipAddresses, uris } = request;
  if (dnsNames.length + ipAddresses.length + uris.length > 0) return false;
  if (!deepEqual([...usages].sort(), ["client auth", "digital signature"])) return false;
  return Object.values(NODE_PARTS).some((part) => deepEqual(part, { commonName, organizations }));
}

export const nodeCertificateApprover = (servers: readonly string[]): Controller => ({
  name: "node-certificate-approving",
  workers: 1,
  watches: [on(certificatesigningrequests), reads(nodes)],
  async reconcile(name, { cache, client, clock }) {
    const csr = cache.get(certificatesigningrequests, name);
    if (!csr || csr.status.certificate || isApproved(csr) || isDenied(csr) || hasFailed(csr)) return;
    const why = approval(csr, requestOf(csr), { servers, nodes: cache.list(nodes) });
    if (!why) return;
    await approve(client, csr, `Approved as ${why}.`, clock.now());
  },
});
