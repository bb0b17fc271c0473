/**
 * The certificates of a running server: whoever uses one reads it at that moment, and each is made anew in time, or when people ask for it. What is shown to clients is
 * handed on to the listeners.
 */
import { join } from "node:path";
import type { Clock, Logger, Timer } from "@kubets/machinery";
import { readCertificate } from "@kubets/wire/x509";
import { ClusterPki, type KeyPair, renewalOf } from "../cluster/pki.ts";
import {
  adminCertificate,
  frontProxy,
  kubeletClientCertificate,
  metricsCertificate,
  type ServerNames,
  servingCertificate,
} from "./certificates.ts";

interface LiveCertificatesOptions {
  readonly folder: string;
  readonly names: ServerNames;
  readonly lifetimeMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Made {
  readonly serving: KeyPair;
  readonly kubeletClient: KeyPair;
  readonly frontProxyClient: KeyPair;
  readonly metrics: KeyPair;
  readonly admin: KeyPair;
}

/** Timers end at 24 days, and clocks are set. */
const LONGEST_WAIT_MS = 3_600_000;
const SHORTEST_WAIT_MS = 1000;

export class LiveCertificates {
  readonly pki: ClusterPki;
  readonly frontProxyCa: string;
  readonly #options: LiveCertificatesOptions;
  readonly #frontProxy: ReturnType<typeof frontProxy>;
  readonly #told = new Set<() => void>();
  #made: Made;
  #madeSince = 0;
  #timer: Timer | undefined;

  constructor(options: LiveCertificatesOptions) {
    const { folder, lifetimeMs, clock } = options;
    this.#options = options;
    const common = { lifetimeMs, madeSince: () => this.#madeSince };
    this.pki = new ClusterPki(folder, () => clock.now(), common);
    this.#frontProxy = frontProxy(join(folder, "front-proxy"), () => clock.now(), common);
    this.frontProxyCa = this.#frontProxy.ca;
    this.#made = this.#makeAll();
  }

  get serving(): KeyPair {
    return this.#made.serving;
  }

  get metrics(): KeyPair {
    return this.#made.metrics;
  }

  get admin(): KeyPair {
    return this.#made.admin;
  }

  /** Read by whoever spreads them, each time. */
  readonly kubeletClient: KeyPair = live(() => this.#made.kubeletClient);
  readonly frontProxyClient: KeyPair = live(() => this.#made.frontProxyClient);

  /** Calls whenever certificates were made anew. */
  onRenewal(told: () => void): void {
    this.#told.add(told);
  }

  /** Until the signal. */
  keepYoung(signal: AbortSignal): void {
    const { clock } = this.#options;
    const wait = () => {
      const due = Math.min(...Object.values(this.#made).map(({ cert }) => renewalOf(readCertificate(cert))));
      const ms = Math.min(Math.max(due - clock.now(), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      this.#timer = clock.after(ms, () => {
        this.#look();
        wait();
      });
    };
    wait();
    signal.addEventListener("abort", () => this.#timer?.cancel(), { once: true });
  }

  /** All that was made before is made anew. */
  renewOlderThan(time: number): void {
    this.#madeSince = Math.max(this.#madeSince, time);
    this.#look();
  }

  #look(): void {
    const before = this.#made;
    this.#made = this.#makeAll();
    const names = (Object.keys(before) as (keyof Made)[]).filter((name) => before[name].cert !== this.#made[name].cert);
    if (names.length === 0) return;
    this.#options.log.info("certificates renewed", { names: names.join(", ") });
    for (const told of this.#told) told();
  }

  #makeAll(): Made {
    const { names } = this.#options;
    return {
      serving: servingCertificate(this.pki, names),
      kubeletClient: kubeletClientCertificate(this.pki),
      frontProxyClient: this.#frontProxy.client(),
      metrics: metricsCertificate(this.pki, names.advertiseAddress),
      admin: adminCertificate(this.pki),
    };
  }
}

const live = (pair: () => KeyPair): KeyPair => ({
  get cert() {
    return pair().cert;
  },
  get key() {
    return pair().key;
  },
});
