/**
 * Signs approved certificate requests of the built-in signers with the cluster's authority.
 * Watches: certificate requests. Holds: what may not be signed fails for good, and says why.
 */
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { type Client, type Controller, on } from "@kubets/client";
import { formatTime } from "@kubets/machinery";
import { type Authority, certificateToPem, issueCertificate, readCertificate } from "@kubets/wire/x509";
import { hasFailed, isApproved, requestOf } from "../certificates/request.ts";
import { errorText } from "../error-text.ts";
import type { Signer } from "../options.ts";
import { certificateOptions, SIGNERS, signingProblem } from "./plan.ts";

export interface CsrSigningOptions {
  readonly signer: Signer;
  /** --cluster-signing-duration: the longest that certificates are valid. */
  readonly signingDurationMs: number;
}

export function csrSigning({ signer, signingDurationMs }: CsrSigningOptions): Controller {
  const authority: Authority = { certificate: readCertificate(signer.certificate), key: signer.key };
  return {
    name: "certificatesigningrequest-signing",
    watches: [on(certificatesigningrequests)],
    async reconcile(name, { cache, client, clock }) {
      const csr = cache.get(certificatesigningrequests, name);
      if (
        !csr ||
        csr.status.certificate ||
        !isApproved(csr) ||
        hasFailed(csr) ||
        !SIGNERS.includes(csr.spec.signerName)
      )
        return;
      const now = clock.now();
      let certificate: string;
      try {
        const request = requestOf(csr);
        const problem = signingProblem(csr, request);
        if (problem) return await fail(client, csr, problem, now);
        certificate = certificateToPem(
          issueCertificate(authority, certificateOptions(csr, request, signingDurationMs, now)),
        );
      } catch (error) {
        return await fail(client, csr, `unable to parse csr "${name}": ${errorText(error)}`, now);
      }
      const status = { ...csr.status, certificate: Buffer.from(certificate).toString("base64") };
      await client.update(certificatesigningrequests, { ...csr, status }, { subresource: "status" });
    },
  };
}

async function fail(client: Client, csr: CertificateSigningRequest, message: string, now: number): Promise<void> {
  const time = formatTime(now);
  const condition = {
    type: "Failed",
    status: "True",
    reason: "SignerValidationFailure",
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  };
  const status = { ...csr.status, conditions: [...(csr.status.conditions ?? []), condition] };
  await client.update(certificatesigningrequests, { ...csr, status }, { subresource: "status" });
}
