/** Certificates for tests: an authority, a server for localhost and a client. */
import { certificateToPem, createAuthority, createKey, issueCertificate, keyToPem, validFor } from "../x509.ts";

interface TestPki {
  readonly ca: string;
  readonly server: { readonly key: string; readonly cert: string };
  readonly client: { readonly key: string; readonly cert: string };
}

export function testPki(now = Date.now()): TestPki {
  const authority = createAuthority({ commonName: "test-ca", key: createKey(), ...validFor(now, 30) });
  const serverKey = createKey();
  const server = issueCertificate(authority, {
    commonName: "localhost",
    publicKey: serverKey,
    dnsNames: ["localhost", "kubernetes"],
    ipAddresses: ["127.0.0.1", "::1"],
    extendedUsages: ["serverAuth"],
    ...validFor(now, 30),
  });
  const clientKey = createKey();
  const client = issueCertificate(authority, {
    commonName: "alice",
    organizations: ["dev"],
    publicKey: clientKey,
    extendedUsages: ["clientAuth"],
    ...validFor(now, 30),
  });
  return {
    ca: certificateToPem(authority.certificate),
    server: { key: keyToPem(serverKey), cert: certificateToPem(server) },
    client: { key: keyToPem(clientKey), cert: certificateToPem(client) },
  };
}
