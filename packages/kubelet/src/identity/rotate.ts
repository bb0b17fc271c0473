/**
 * Keeps the certificates of a kubelet young, as its configuration asks: the one that it shows the API server (`rotateCertificates`), and the one that it serves with
 * (`serverTLSBootstrap`), which it asks for the first time too.
 */
import { keepRenewed } from "@kubets/client/certificates/keep-renewed";
import { nodeWish, servingWish } from "@kubets/client/certificates/node-wishes";
import { type CertificateWish, requestCertificate } from "@kubets/client/certificates/request-certificate";
import type { Client } from "@kubets/client/client";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import type { CertificateStore } from "./certificate-store.ts";

interface RotationOptions {
  readonly client: Pick<Client, "create" | "watch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** `current`: what the kubelet shows now. */
export function rotateClient(
  { nodeName, current, store }: { nodeName: string; current: ClientCertificate; store: CertificateStore },
  useCertificate: (certificate: ClientCertificate) => Promise<void>,
  options: RotationOptions,
): void {
  keep("kubelet-client", nodeWish(nodeName), current, options, async (certificate) => {
    store.write(certificate);
    await useCertificate(certificate);
  });
}

/** `reload` puts what the store has to use. */
export async function bootstrapServing(
  { nodeName, addresses, store }: { nodeName: string; addresses: readonly string[]; store: CertificateStore },
  reload: () => void,
  options: RotationOptions,
): Promise<void> {
  const wish = servingWish(nodeName, addresses);
  const use = (certificate: ClientCertificate) => {
    store.write(certificate);
    reload();
  };
  let current = store.read();
  for (let retryMs = FIRST_RETRY_MS; !current; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
    try {
      current = await requestCertificate(wish, options);
      use(current);
    } catch (error) {
      if (options.signal.aborted) return;
      options.log.warn("there is no serving certificate yet; asking again", { error });
      await sleep(options.clock, retryMs, options.signal).catch(() => {});
      if (options.signal.aborted) return;
    }
  }
  keep("kubelet-serving", wish, current, options, use);
}

function keep(
  what: string,
  wish: CertificateWish,
  current: ClientCertificate,
  { client, clock, random, log, signal }: RotationOptions,
  use: (certificate: ClientCertificate) => Promise<void> | void,
): void {
  const request = () => requestCertificate(wish, { client, clock, signal });
  keepRenewed(current.cert, { what, clock, random, log, signal, request, use });
}
