/** What is told of certificates that signers made for requests which said for how long, by the original's names. */
import { X509Certificate } from "node:crypto";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { Counter, Family, MetricsRegistry } from "@kubets/machinery/metrics";
import { fromPem } from "@kubets/wire/x509";

export class CertificateMetrics {
  readonly #requested: Family<Counter>;
  readonly #honored: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    const counter = (name: string, help: string) =>
      registry.counter({ name: `apiserver_certificates_registry_${name}`, help, labels: ["signerName"] });
    this.#requested = counter(
      "csr_requested_duration_total",
      "Certificates that were made for requests which say how long they shall be good.",
    );
    this.#honored = counter("csr_honored_duration_total", "Those of them that are good for about so long.");
  }

  /** A request that was written, and how it was before. */
  written({ status }: CertificateSigningRequest, { status: before, spec }: CertificateSigningRequest): void {
    if (before.certificate || !status.certificate || spec.expirationSeconds == null) return;
    const signer = spec.signerName.startsWith("kubernetes.io/") ? spec.signerName : "other";
    this.#requested.values(signer).inc();
    // As validation reads it: what Node's own reading of PEM refuses is stored by then all the same.
    const [leaf] = fromPem(Buffer.from(status.certificate, "base64"));
    if (!leaf) return;
    const { validFromDate, validToDate } = new X509Certificate(leaf.bytes);
    const seconds = (validToDate.getTime() - validFromDate.getTime()) / 1000;
    if (isAbout(seconds, spec.expirationSeconds)) this.#honored.values(signer).inc();
  }
}

/** Signers may date a certificate back a little. */
const isAbout = (seconds: number, wanted: number) => Math.abs(seconds - wanted) < 300 + wanted / 20;
