/**
 * Asks the cluster for a certificate: a key made here, a CertificateSigningRequest, and the wait until somebody approved and signed it.
 * Holds: the key never leaves this process but in what is returned; a request that is denied or fails says why.
 */
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { Clock } from "@kubets/machinery";
import { createKey, createSigningRequest, keyToPem } from "@kubets/wire/x509";
import type { Client } from "../client.ts";
import type { ClientCertificate } from "../kubeconfig/credentials.ts";

export interface CertificateWish {
  readonly signerName: string;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usage: "client auth" | "server auth";
}

interface RequestParts {
  readonly client: Pick<Client, "create" | "watch">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long approval may take. */
const PATIENCE_MS = 15 * 60_000;

export async function requestCertificate(
  { signerName, usage, ...subject }: CertificateWish,
  { client, clock, signal }: RequestParts,
): Promise<ClientCertificate> {
  const key = createKey();
  const made = await client.create(
    certificatesigningrequests,
    {
      metadata: { generateName: "csr-" },
      spec: {
        signerName,
        request: Buffer.from(createSigningRequest(key, subject)).toString("base64"),
        usages: ["digital signature", usage],
      },
    },
    { signal },
  );
  const { name } = made.metadata;
  const late = new AbortController();
  const timer = clock.after(PATIENCE_MS, () =>
    late.abort(
      new Error(
        `nobody approved the certificate request ${name} within ${PATIENCE_MS / 1000} s: look at \`kubectl get csr\``,
      ),
    ),
  );
  try {
    const cert = await signed(client, name, AbortSignal.any([signal, late.signal]));
    return { cert, key: keyToPem(key) };
  } finally {
    timer.cancel();
  }
}

async function signed(client: Pick<Client, "watch">, name: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await oneWatch(client, name, signal);
    if (answer) return Buffer.from(answer, "base64").toString();
  }
}

/** The certificate, or nothing when the watch ended before it came. */
function oneWatch(client: Pick<Client, "watch">, name: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    const end = (settle: () => void) => {
      settle();
      ending.abort();
    };
    signal.addEventListener("abort", () => end(() => reject(signal.reason as Error)), { once: true });
    const options = {
      fieldSelector: `metadata.name=${name}`,
      sendInitialEvents: true,
      allowBookmarks: true,
      resourceVersionMatch: "NotOlderThan",
      signal: AbortSignal.any([signal, ending.signal]),
    } as const;
    client
      .watch(certificatesigningrequests, options, {
        events(batch) {
          for (const { type, object } of batch) {
            if (type === "BOOKMARK") continue;
            const { certificate } = object.status ?? {};
            const refusal = type === "DELETED" ? "it was deleted" : refusalOf(object);
            if (refusal) end(() => reject(new Error(`the certificate request ${name} was not granted: ${refusal}`)));
            else if (certificate) end(() => resolve(certificate));
          }
        },
        closed: (error) => end(() => (error ? reject(error) : resolve(undefined))),
      })
      .catch(reject);
  });
}

function refusalOf({ status }: CertificateSigningRequest): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === "Denied" || type === "Failed");
  return condition && `${condition.reason ?? condition.type}: ${condition.message ?? ""}`;
}
