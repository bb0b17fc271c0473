/** Certificates as TLS uses them: made of a secret when a client first asks for its name, and made anew when the secret has changed. */
import { createSecureContext, type SecureContext } from "node:tls";
import type { Secret } from "@kubets/api/generated/types/core-v1";

export class Contexts {
  readonly #made = new WeakMap<Secret, SecureContext | Error>();

  /** Throws when the secret holds no certificate with its key. */
  of(secret: Secret): SecureContext {
    const known = this.#made.get(secret) ?? make(secret);
    this.#made.set(secret, known);
    if (known instanceof Error) throw known;
    return known;
  }

  /** What is wrong with a secret that should hold a certificate. */
  problem(key: string, secret: Secret | undefined): string | undefined {
    if (!secret) return `the secret ${key} is not there`;
    try {
      this.of(secret);
      return undefined;
    } catch (error) {
      return `the secret ${key} holds no certificate with its key (tls.crt, tls.key): ${(error as Error).message}`;
    }
  }
}

function make({ data = {} }: Secret): SecureContext | Error {
  const part = (name: string) => Buffer.from(data[name] ?? "", "base64");
  try {
    if (!data["tls.crt"] || !data["tls.key"]) throw new Error("a part is missing");
    return createSecureContext({ cert: part("tls.crt"), key: part("tls.key"), minVersion: "TLSv1.2" });
  } catch (error) {
    return error as Error;
  }
}
