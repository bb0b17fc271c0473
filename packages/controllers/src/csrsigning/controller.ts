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

interface CsrSigningOptions {
  /** For every signer that has none of its own. */
  readonly signer?: Signer;
  readonly signers: Readonly<Record<string, Signer>>;
  /** --cluster-signing-duration: the longest that certificates are valid. */
  readonly signingDurationMs: number;
}

export function csrSigning({ signer, signers, signingDurationMs }: CsrSigningOptions): Controller {
  const authorities = new Map<string, Authority>();
  for (const name of SIGNERS) {
    const own = signers[name] ?? signer;
    if (own) authorities.set(name, { certificate: readCertificate(own.certificate), key: own.key });
  }
  return {
    name: "certificatesigningrequest-signing",
    watches: [on(certificatesigningrequests)],
    async reconcile(name, { cache, client, clock }) {
      const csr = cache.get(certificatesigningrequests, name);
      const authority = csr && authorities.get(csr.spec.signerName);
      if (!authority || csr.status.certificate || !isApproved(csr) || hasFailed(csr)) return;
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
