/** Certificates for other names (--tls-sni-cert-key): "cert,key" serves the names in the certificate, "cert,key:name,*.name" those that are said. */
import { ConfigError } from "@kubets/machinery/config-file";
import type { ServerCertificate } from "@kubets/wire/http";
import { readCertificates } from "@kubets/wire/x509";

interface SniFlag {
  readonly certFile: string;
  readonly keyFile: string;
  readonly names: readonly string[];
}

export function parseSniFlag(text: string): SniFlag {
  const [files = "", names, ...more] = text.split(":");
  const [certFile = "", keyFile = "", ...other] = files.split(",").map((part) => part.trim());
  if (!certFile || !keyFile || other.length || more.length)
    throw new ConfigError(
      `--tls-sni-cert-key: ${JSON.stringify(text)}: expected comma separated certificate and key file paths, and names behind a colon`,
    );
  return {
    certFile,
    keyFile,
    names:
      names
        ?.split(",")
        .map((name) => name.trim())
        .filter(Boolean) ?? [],
  };
}

/** By name; of several certificates for one name the first that says the name itself counts. */
export function certificatesByName(
  flags: readonly SniFlag[],
  read: (path: string) => string,
): Readonly<Record<string, ServerCertificate>> {
  const byName: Record<string, ServerCertificate> = {};
  const said = flags.toSorted((a, b) => Number(b.names.length > 0) - Number(a.names.length > 0));
  for (const { certFile, keyFile, names } of said) {
    const certificate = { cert: read(certFile), key: read(keyFile) };
    for (const name of names.length ? names : namesOf(certificate.cert)) byName[name] ??= certificate;
  }
  return byName;
}

function namesOf(pem: string): string[] {
  const [leaf] = readCertificates(pem);
  return leaf?.dnsNames.length ? [...leaf.dnsNames] : leaf?.commonName ? [leaf.commonName] : [];
}
