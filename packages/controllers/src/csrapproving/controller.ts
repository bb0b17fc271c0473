/**
 * Approves the client certificates of kubelets, when whoever asks may have one.
 * Watches: certificate requests. Holds: it decides by a review of the asker's access and by the request alone, and only on undecided ones.
 */
import { certificatesigningrequests, subjectaccessreviews } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { type Client, type Controller, on } from "@kubets/client";
import { KUBELET_CLIENT } from "@kubets/client/certificates/node-wishes";
import type { SigningRequest } from "@kubets/wire/x509";
import { approve } from "../certificates/approve.ts";
import { hasFailed, isApproved, isDenied, kubeletClientProblem, requestOf } from "../certificates/request.ts";

interface Recognizer {
  readonly subresource: string;
  readonly message: string;
  recognizes(csr: CertificateSigningRequest, request: SigningRequest): boolean;
}

const isKubeletClient = ({ spec }: CertificateSigningRequest, request: SigningRequest): boolean =>
  spec.signerName === KUBELET_CLIENT && kubeletClientProblem(request, spec.usages ?? []) === undefined;

const RECOGNIZERS: readonly Recognizer[] = [
  {
    subresource: "selfnodeclient",
    message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
    recognizes: (csr, request) => isKubeletClient(csr, request) && csr.spec.username === request.commonName,
  },
  {
    subresource: "nodeclient",
    message: "Auto approving kubelet client certificate after SubjectAccessReview.",
    recognizes: isKubeletClient,
  },
];

export const csrApproving = (): Controller => ({
  name: "certificatesigningrequest-approving",
  watches: [on(certificatesigningrequests)],
  async reconcile(name, { cache, client, clock }) {
    const csr = cache.get(certificatesigningrequests, name);
    if (!csr || csr.status.certificate || isApproved(csr) || isDenied(csr) || hasFailed(csr)) return;
    const request = requestOf(csr);
    const recognizing = RECOGNIZERS.filter(({ recognizes }) => recognizes(csr, request));
    for (const { subresource, message } of recognizing) {
      if (!(await mayAsk(client, csr, subresource))) continue;
      await approve(client, csr, message, clock.now());
      return;
    }
    if (recognizing.length > 0)
      throw new Error(
        `recognized csr "${name}" as [${recognizing.map(({ subresource }) => subresource).join(" ")}] but subject access review was not approved`,
      );
  },
});

async function mayAsk(client: Client, { spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
  const { username: user, uid, groups, extra } = spec;
  const resourceAttributes = {
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests",
    verb: "create",
    subresource,
    version: "*",
  };
  const review = await client.create(subjectaccessreviews, { spec: { user, uid, groups, extra, resourceAttributes } });
  return review.status?.allowed ?? false;
}
