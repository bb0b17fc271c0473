/**
 * The server's side of TLS, from its flags: certificates, whose client certificates are taken, the oldest version, the ciphers. Certificates and
 * authorities that were given as files are taken up again when the files change.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Clock, Logger } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import type { ServerTls } from "@kubets/wire/http";
import { openSslCiphers } from "@kubets/wire/tls/cipher-suites";
import { followFile } from "../followed-file.ts";
import { ownServingCertificate } from "../serving-certificate.ts";
import { certificatesByName, parseSniFlag } from "./sni.ts";

export interface TlsFlags {
  readonly "tls-cert-file": string;
  readonly "tls-private-key-file": string;
  readonly "tls-min-version": string;
  readonly "tls-cipher-suites": readonly string[];
  readonly "tls-sni-cert-key": readonly string[];
  readonly "client-ca-file": string;
  readonly "requestheader-client-ca-file": string;
}

interface OwnCertificate {
  /** Where it is kept; nowhere when absent. */
  readonly folder: string | undefined;
  readonly address: string;
}

/** Throws a ConfigError that names the flag. */
export function servingTls(flags: TlsFlags, own: OwnCertificate, now: number): ServerTls {
  const read = (flag: keyof TlsFlags) => readFile(String(flags[flag]), flag);
  const authorities = (["client-ca-file", "requestheader-client-ca-file"] as const).filter((flag) => flags[flag]);
  const ciphers = openSslCiphers(flags["tls-cipher-suites"]);
  const byName = certificatesByName(flags["tls-sni-cert-key"].map(parseSniFlag), (path) =>
    readFile(path, "tls-sni-cert-key"),
  );
  const certificate = flags["tls-cert-file"]
    ? { cert: read("tls-cert-file"), key: read("tls-private-key-file") }
    : ownServingCertificate(own.folder, namesOf(own.address), now);
  return {
    ...certificate,
    minVersion: flags["tls-min-version"] === "VersionTLS13" ? "TLSv1.3" : "TLSv1.2",
    ...(ciphers && { ciphers }),
    ...(Object.keys(byName).length && { byName }),
    ...(authorities.length && { clientCa: authorities.map(read).join("\n") }),
  };
}

/** Calls `use` with what the files hold when one of them changes. Returns what ends that. */
export function followServingTls(
  flags: TlsFlags,
  own: OwnCertificate,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  use: (tls: ServerTls) => void,
): () => void {
  const reload = () => {
    try {
      use(servingTls(flags, own, clock.now()));
      log.info("the serving certificates and authorities were taken up again");
    } catch (error) {
      log.error("the serving certificates cannot be taken up; those before stay in force", { error });
    }
  };
  const sni = flags["tls-sni-cert-key"].map(parseSniFlag).flatMap(({ certFile, keyFile }) => [certFile, keyFile]);
  const files = [
    flags["tls-cert-file"],
    flags["tls-private-key-file"],
    flags["client-ca-file"],
    flags["requestheader-client-ca-file"],
    ...sni,
  ];
  const ends = [...new Set(files.filter(Boolean))].map((file) => followFile(file, clock, reload));
  return () => ends.forEach((end) => end());
}

const namesOf = (address: string) => ({
  dnsNames: [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
    hostname(),
  ],
  ipAddresses: ["127.0.0.1", "::1", address],
});

function readFile(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`--${flag}: ${path} cannot be read: ${(error as Error).message}`);
  }
}
