/** Deletes certificate requests that have had their time: an hour after they were decided, a day after nobody decided, or expired. */
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { type Controller, on } from "@kubets/client";
import { readCertificates } from "@kubets/wire/x509";
import { isApproved } from "../certificates/request.ts";
import { unlessGone } from "../error-text.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DECISIONS = ["Approved", "Denied", "Failed"];

/** When it may go. */
function cleanupTime(csr: CertificateSigningRequest): number {
  const { conditions = [], certificate } = csr.status;
  const times: number[] = [];
  for (const { type, lastUpdateTime, lastTransitionTime } of conditions) {
    if (!DECISIONS.includes(type) || (type === "Approved" && !certificate)) continue;
    times.push(Date.parse(lastUpdateTime ?? lastTransitionTime ?? csr.metadata.creationTimestamp) + HOUR_MS);
  }
  if (!certificate && (conditions.length === 0 || isApproved(csr)))
    times.push(Date.parse(csr.metadata.creationTimestamp) + DAY_MS);
  if (certificate) times.push(expiryOf(certificate));
  return Math.min(...times);
}

function expiryOf(certificate: string): number {
  try {
    return Math.min(...readCertificates(Buffer.from(certificate, "base64")).map(({ notAfter }) => notAfter));
  } catch {
    return Number.POSITIVE_INFINITY; // What is no certificate does not expire.
  }
}

export const csrCleaner = (): Controller => ({
  name: "certificatesigningrequest-cleaner",
  workers: 1,
  watches: [on(certificatesigningrequests)],
  async reconcile(name, { cache, client, clock }) {
    const csr = cache.get(certificatesigningrequests, name);
    if (!csr) return undefined;
    const left = cleanupTime(csr) - clock.now();
    if (!Number.isFinite(left)) return undefined;
    if (left > 0) return { requeueAfterMs: left };
    await unlessGone(client.delete(certificatesigningrequests, { name }, { preconditions: { uid: csr.metadata.uid } }));
    return undefined;
  },
});
