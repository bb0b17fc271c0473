/**
 * Keeps a certificate young: a new one is asked for when 70 to 90 % of its time have passed.
 * Holds: the old one stays in use until there is a new one; failures are tried again for ever, each time after a longer wait.
 */
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import { readCertificate } from "@kubets/wire/x509";
import type { ClientCertificate } from "../kubeconfig/credentials.ts";

interface RenewalOptions {
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

export interface KeptCertificate {
  /** Asks for a new one at once if the present one was made before that time. */
  renewOlderThan(time: number): void;
}

export function keepRenewed(current: string, options: RenewalOptions): KeptCertificate {
  const kept = new Keeper(current, options);
  void kept.run();
  return kept;
}

/** Signers date certificates back by so much, for clocks that differ. */
const BACKDATE_MS = 300_000;

class Keeper implements KeptCertificate {
  readonly #options: RenewalOptions;
  #madeAt: number;
  #due: number;
  #hurry = new AbortController();

  constructor(current: string, options: RenewalOptions) {
    this.#options = options;
    this.#madeAt = readCertificate(current).notBefore + BACKDATE_MS;
    this.#due = renewalTime(current, options.random);
  }

  renewOlderThan(time: number): void {
    if (this.#madeAt >= time) return;
    this.#due = 0;
    this.#hurry.abort();
  }

  async run(): Promise<void> {
    const { what, clock, random, log, signal, request, use } = this.#options;
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      await this.#untilDue();
      if (signal.aborted) return;
      try {
        const certificate = await request();
        await use(certificate);
        log.info("certificate renewed", { what });
        this.#madeAt = clock.now();
        this.#due = renewalTime(certificate.cert, random, clock.now());
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        log.warn("the certificate could not be renewed; trying again", { what, error });
        this.#due = clock.now() + retryMs;
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }

  /** Timers end at 24 days, and clocks are set: it looks at the time of day at least once an hour. */
  async #untilDue(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted && clock.now() < this.#due) {
      this.#hurry = new AbortController();
      const waiting = AbortSignal.any([signal, this.#hurry.signal]);
      await sleep(clock, Math.min(this.#due - clock.now(), LONGEST_SLEEP_MS), waiting).catch(() => {});
    }
  }
}

const LONGEST_SLEEP_MS = 3_600_000;

/** `since`: when its use began; signers date certificates back. */
function renewalTime(pem: string, random: Random, since?: number): number {
  const { notBefore, notAfter } = readCertificate(pem);
  const from = since ?? Math.min(notBefore + BACKDATE_MS, notAfter);
  return from + (notAfter - from) * (0.7 + 0.2 * random.float());
}
