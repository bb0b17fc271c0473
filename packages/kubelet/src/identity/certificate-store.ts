/**
 * A certificate with its key in one file of the kubelet's folder, under the original's names: `kubelet-client-current.pem` leads to the newest of the dated ones.
 * Holds: nobody sees half a file, and who reads while it changes gets the old pair or the new one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import type { Clock } from "@kubets/machinery";
import { fromPem, readCertificate, toPem } from "@kubets/wire/x509";

export class CertificateStore {
  readonly #folder: string;
  readonly #name: string;
  readonly #clock: Clock;

  /** `name`: kubelet-client, kubelet-server. */
  constructor(folder: string, name: string, clock: Clock) {
    this.#folder = folder;
    this.#name = name;
    this.#clock = clock;
  }

  get current(): string {
    return join(this.#folder, `${this.#name}-current.pem`);
  }

  /** Nothing when there is none, or it is over. */
  read(): ClientCertificate | undefined {
    if (!existsSync(this.current)) return undefined;
    const blocks = fromPem(readFileSync(this.current));
    const text = (wanted: (label: string) => boolean) =>
      blocks.flatMap(({ label, bytes }) => (wanted(label) ? [toPem(label, bytes)] : [])).join("");
    const [cert, key] = [text((label) => label === "CERTIFICATE"), text((label) => label.endsWith("PRIVATE KEY"))];
    if (!cert || !key || readCertificate(cert).notAfter <= this.#clock.now()) return undefined;
    return { cert, key };
  }

  write({ cert, key }: ClientCertificate): void {
    mkdirSync(this.#folder, { recursive: true });
    const stamp = new Date(this.#clock.now()).toISOString().slice(0, 19).replaceAll(":", "-").replace("T", "-");
    const dated = `${this.#name}-${stamp}.pem`;
    const path = join(this.#folder, dated);
    writeFileSync(`${path}.new`, cert + key, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    rmSync(`${this.current}.new`, { force: true });
    symlinkSync(dated, `${this.current}.new`);
    renameSync(`${this.current}.new`, this.current);
  }
}
