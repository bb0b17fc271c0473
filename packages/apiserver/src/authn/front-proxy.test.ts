import assert from "node:assert/strict";
import { test } from "node:test";
import { type Certificate, createAuthority, createKey, issueCertificate, publicOf, validFor } from "@kubets/wire/x509";
import type { Credentials } from "./authenticator.ts";
import { certificateAuthenticator } from "./certificates.ts";
import { frontProxyAuthenticator } from "./front-proxy.ts";

const days = validFor(Date.now(), 1);
const authority = (commonName: string) => createAuthority({ commonName, key: createKey(), ...days });
const proxies = authority("front-proxy-ca");
const users = authority("kubernetes");
const issued = (by: typeof users, commonName: string) =>
  issueCertificate(by, { commonName, publicKey: publicOf(createKey()), ...days });

function asked(certificate: Certificate | undefined, ...rawHeaders: string[]): Credentials {
  const header = (name: string) => rawHeaders[rawHeaders.findIndex((it) => it.toLowerCase() === name) + 1];
  return { header, socket: { rawHeaders }, peer: { address: "", certificate: () => certificate } };
}

const HEADERS = [
  "X-Remote-User",
  "alice",
  "X-Remote-Group",
  "dev",
  "X-Remote-Group",
  "ops",
  "X-Remote-Extra-Scopes",
  "view",
  "X-Remote-Uid",
  "u-1",
];

const authenticator = frontProxyAuthenticator({
  authorities: [proxies.certificate],
  allowedNames: ["proxy"],
  usernameHeaders: ["X-Remote-User"],
  uidHeaders: ["X-Remote-Uid"],
  groupHeaders: ["X-Remote-Group"],
  extraPrefixes: ["X-Remote-Extra-"],
});

test("a proxy is believed about who asks", () => {
  assert.deepEqual(authenticator.authenticate(asked(issued(proxies, "proxy"), ...HEADERS)), {
    name: "alice",
    uid: "u-1",
    groups: ["dev", "ops"],
    extra: { scopes: ["view"] },
  });
});

test("nobody else is", () => {
  assert.equal(authenticator.authenticate(asked(undefined, ...HEADERS)), undefined);
  assert.equal(authenticator.authenticate(asked(issued(users, "proxy"), ...HEADERS)), undefined);
  assert.throws(() => authenticator.authenticate(asked(issued(proxies, "other"), ...HEADERS)), /Unauthorized/);
});

test("a proxy is no user, whatever its certificate is called", () => {
  const certificates = certificateAuthenticator([proxies.certificate]);
  assert.equal(certificates.authenticate(asked(issued(proxies, "system:admin"))), undefined);
  assert.equal((certificates.authenticate(asked(issued(users, "jane"))) as { name: string }).name, "jane");
});
