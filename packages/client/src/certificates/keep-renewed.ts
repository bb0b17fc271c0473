/**
 * Keeps a certificate young: a new one is asked for when 70 to 90 % of its time have passed.
 * Holds: the old one stays in use until there is a new one; failures are tried again for ever, each time after a longer wait.
 */
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import { readCertificate } from "@kubets/wire/x509";
import type { ClientCertificate } from "../kubeconfig/credentials.ts";

export interface RenewalOptions {
  readonly what: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  request(): Promise<ClientCertificate>;
  /** Writes it down and puts it to use. */
  use(certificate: ClientCertificate): Promise<void> | void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 5 * 60_000;

export async function keepRenewed(current: string, options: RenewalOptions): Promise<void> {
  const { what, clock, random, log, signal, request, use } = options;
  let due = renewalTime(current, random);
  let retryMs = FIRST_RETRY_MS;
  for (;;) {
    await until(due, clock, signal);
    if (signal.aborted) return;
    try {
      const certificate = await request();
      await use(certificate);
      log.info("certificate renewed", { what });
      due = renewalTime(certificate.cert, random, clock.now());
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (signal.aborted) return;
      log.warn("the certificate could not be renewed; trying again", { what, error });
      due = clock.now() + retryMs;
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}

/** `since`: when its use began; signers date certificates back. */
export function renewalTime(pem: string, random: Random, since?: number): number {
  const { notBefore, notAfter } = readCertificate(pem);
  const from = since ?? notBefore;
  return from + (notAfter - from) * (0.7 + 0.2 * random.float());
}

/** Timers end at 24 days, and clocks are set: it looks at the time of day at least once an hour. */
const LONGEST_SLEEP_MS = 3_600_000;

async function until(time: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.now() < time)
    await sleep(clock, Math.min(time - clock.now(), LONGEST_SLEEP_MS), signal).catch(() => {});
}
