/** Approves a certificate request, and says why. */
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { Client } from "@kubets/client";
import { formatTime } from "@kubets/machinery";

export async function approve(
  client: Client,
  csr: CertificateSigningRequest,
  message: string,
  now: number,
): Promise<void> {
  const time = formatTime(now);
  const condition = {
    type: "Approved",
    status: "True",
    reason: "AutoApproved",
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  };
  const status = { ...csr.status, conditions: [...(csr.status.conditions ?? []), condition] };
  await client.update(certificatesigningrequests, { ...csr, status }, { subresource: "approval" });
}
