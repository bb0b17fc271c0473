import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import {
  certificateToPem,
  createAuthority,
  createKey,
  createRsaKey,
  createSigningRequest,
  isIssuedBy,
  issueCertificate,
  keyFromPem,
  keyToPem,
  publicKeysFromPem,
  publicKeyToPem,
  readCertificate,
  readCertificates,
  readSigningRequest,
  spkiPin,
  validFor,
} from "../x509.ts";
import { ipBytes, ipText } from "./subject.ts";

const now = Math.floor(Date.now() / 1000) * 1000;
const authority = createAuthority({ commonName: "kubernetes", key: createKey(), ...validFor(now, 3650) });
const serverKey = createKey();
const server = issueCertificate(authority, {
  commonName: "kube-apiserver",
  publicKey: serverKey,
  dnsNames: ["localhost", "kubernetes.default.svc"],
  ipAddresses: ["127.0.0.1", "fd00::1", "10.96.0.1"],
  extendedUsages: ["serverAuth"],
  ...validFor(now, 365),
});
const clientKey = createKey();
const client = issueCertificate(authority, {
  commonName: "kubernetes-admin",
  organizations: ["system:masters", "größe"],
  publicKey: clientKey,
  extendedUsages: ["clientAuth"],
  ...validFor(now, 9999),
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const skip = hasOpenssl ? false : "openssl is not installed";

describe("certificates", () => {
  const folder = mkdtempSync(join(tmpdir(), "x509-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const openssl = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync("openssl", args, { encoding: "utf8" });
    return { text: stdout + stderr, status };
  };

  it("are read back as they were made", () => {
    const read = readCertificate(certificateToPem(server));
    assert.equal(read.commonName, "kube-apiserver");
    assert.deepEqual(read.dnsNames, ["localhost", "kubernetes.default.svc"]);
    assert.deepEqual(read.ipAddresses, ["127.0.0.1", "fd00::1", "10.96.0.1"]);
    assert.deepEqual(read.extendedUsages, ["serverAuth"]);
    assert.equal(read.isCa, false);
    assert.ok(authority.certificate.isCa);
    assert.deepEqual(authority.certificate.keyUsages, ["digitalSignature", "keyEncipherment", "keyCertSign"]);
    assert.deepEqual(client.organizations.toSorted(), ["größe", "system:masters"]);
    assert.equal(read.notBefore, now - 300_000);
    assert.equal(client.notAfter, authority.certificate.notAfter, "not beyond the authority's end");
    assert.ok(isIssuedBy(read, authority.certificate));
    assert.ok(!isIssuedBy(authority.certificate, server));
    assert.equal(readCertificates(certificateToPem(server) + certificateToPem(client)).length, 2);
  });

  it("are read by node:crypto alike", () => {
    const native = new X509Certificate(server.der);
    assert.equal(native.serialNumber.toLowerCase(), server.serial);
    assert.equal(
      native.subjectAltName,
      "DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, IP Address:10.96.0.1",
    );
    assert.equal(native.validToDate.getTime(), server.notAfter);
    assert.ok(native.publicKey.equals(server.publicKey));
  });

  it("are verified by openssl", { skip }, () => {
    const ca = file("ca.crt", certificateToPem(authority.certificate));
    const leaf = file("server.crt", certificateToPem(server));
    const verified = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, leaf);
    assert.equal(verified.status, 0, verified.text);
    const asClient = openssl("verify", "-purpose", "sslclient", "-CAfile", ca, leaf);
    assert.notEqual(asClient.status, 0, "a server's certificate is none for clients");
  });

  it("of years beyond 2049 and of RSA authorities are right as well", { skip }, async () => {
    const far = createAuthority({
      commonName: "rsa",
      key: await createRsaKey(),
      notBefore: now,
      notAfter: Date.UTC(2100, 0, 1),
    });
    assert.equal(far.certificate.notAfter, Date.UTC(2100, 0, 1));
    const leaf = issueCertificate(far, { commonName: "a", publicKey: createKey(), ...validFor(now, 1) });
    const verified = openssl(
      "verify",
      "-x509_strict",
      "-CAfile",
      file("far.crt", certificateToPem(far.certificate)),
      file("leaf.crt", certificateToPem(leaf)),
    );
    assert.equal(verified.status, 0, verified.text);
  });

  it("serve a TLS handshake on both sides", async () => {
    const ca = certificateToPem(authority.certificate);
    const listener = createServer({ key: keyToPem(serverKey), cert: certificateToPem(server), ca, requestCert: true });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const accepted = once(listener, "secureConnection") as Promise<[TLSSocket]>;
    const { port } = listener.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", ca, key: keyToPem(clientKey), cert: certificateToPem(client) });
    try {
      const [seen] = await accepted;
      assert.ok(seen.authorized);
      assert.equal(readCertificate(seen.getPeerCertificate().raw).commonName, "kubernetes-admin");
    } finally {
      socket.destroy();
      listener.close();
    }
  });

  it("have a pin as kubeadm prints it", { skip }, () => {
    const ca = file("pin.crt", certificateToPem(authority.certificate));
    const script = `openssl x509 -pubkey -noout -in ${ca} | openssl pkey -pubin -outform der | openssl dgst -sha256 -hex`;
    const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    assert.equal(spkiPin(authority.certificate.publicKey), `sha256:${stdout.trim().split(" ").at(-1)}`);
  });

  it("take keys and public keys from PEM", () => {
    assert.ok(keyToPem(serverKey).startsWith("-----BEGIN EC PRIVATE KEY-----"));
    assert.ok(keyFromPem(keyToPem(serverKey)).equals(serverKey));
    const mixed = publicKeyToPem(serverKey) + keyToPem(serverKey) + certificateToPem(server);
    const keys = publicKeysFromPem(mixed);
    assert.equal(keys.length, 3);
    assert.ok(keys.every((key) => key.equals(server.publicKey)));
  });
});

describe("signing requests", () => {
  const request = createSigningRequest(clientKey, {
    commonName: "system:node:n1",
    organizations: ["system:nodes"],
    dnsNames: ["n1"],
    ipAddresses: ["10.0.0.1"],
  });

  it("are read back and verified", () => {
    const read = readSigningRequest(request);
    assert.equal(read.commonName, "system:node:n1");
    assert.deepEqual(read.organizations, ["system:nodes"]);
    assert.deepEqual([read.dnsNames, read.ipAddresses], [["n1"], ["10.0.0.1"]]);
    assert.ok(read.publicKey.equals(client.publicKey));
  });

  it("are accepted by openssl, and openssl's are read", { skip }, () => {
    const checked = spawnSync("openssl", ["req", "-verify", "-noout", "-text"], { input: request, encoding: "utf8" });
    assert.equal(checked.status, 0, checked.stderr);
    assert.match(checked.stdout, /IP Address:10\.0\.0\.1/);
    const made = spawnSync(
      "openssl",
      [
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        "/O=dev/CN=jane",
        "-addext",
        "subjectAltName=DNS:x.y",
        "-addext",
        "extendedKeyUsage=clientAuth",
      ],
      { encoding: "utf8" },
    );
    const read = readSigningRequest(made.stdout);
    assert.deepEqual([read.commonName, read.organizations, read.dnsNames], ["jane", ["dev"], ["x.y"]]);
    assert.deepEqual(read.extendedUsages, ["clientAuth"]);
  });

  it("that were changed or are none are refused", () => {
    const changed = Buffer.from(readSigningRequest(request).der);
    const at = changed.indexOf("node:n1");
    changed.write("node:n2", at);
    assert.throws(() => readSigningRequest(changed), /not signed by its own key/);
    assert.throws(() => readSigningRequest(certificateToPem(server)), /must be CERTIFICATE REQUEST/);
    assert.throws(() => readSigningRequest(changed.subarray(0, 50)), { name: "DerError" });
  });
});

describe("addresses in certificates", () => {
  it("are bytes and text", () => {
    for (const [text, hex, back = text] of [
      ["10.1.2.3", "0a010203"],
      ["::", "0".repeat(32)],
      ["::1", `${"0".repeat(31)}1`],
      ["2001:db8::ff00:42:8329", "20010db8000000000000ff0000428329"],
      ["::ffff:1.2.3.4", "00000000000000000000ffff01020304", "::ffff:102:304"],
    ] as const) {
      assert.equal(ipBytes(text).toString("hex"), hex);
      assert.equal(ipText(Buffer.from(hex, "hex")), back);
    }
    assert.throws(() => ipBytes("10.1"), /no IP address/);
  });
});
