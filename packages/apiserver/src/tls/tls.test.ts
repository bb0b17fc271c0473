import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { type Listener, listen } from "@kubets/wire/http";
import { openSslCiphers } from "@kubets/wire/tls/cipher-suites";
import { ownServingCertificate } from "../serving-certificate.ts";
import { servingTls, type TlsFlags } from "./serving-tls.ts";
import { certificatesByName, parseSniFlag } from "./sni.ts";

const pair = (name: string) => ownServingCertificate(undefined, { dnsNames: [name], ipAddresses: [] }, Date.now());

const FLAGS: TlsFlags = {
  "tls-cert-file": "",
  "tls-private-key-file": "",
  "tls-min-version": "VersionTLS12",
  "tls-cipher-suites": [],
  "tls-sni-cert-key": [],
  "client-ca-file": "",
  "requestheader-client-ca-file": "",
};

/** What a client sees: the names in the certificate, the version, the cipher; or why there is no connection. */
function seen({ port }: Listener, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
      const { subjectaltname = "" } = socket.getPeerCertificate();
      resolve(`${subjectaltname.split(",")[0]} ${socket.getProtocol()} ${socket.getCipher().standardName}`);
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function serving(
  flags: Partial<TlsFlags>,
  run: (listener: Listener, folder: string) => Promise<void>,
  files: Record<string, string> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "kubets-tls-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const inFolder = (value: string) => value.replaceAll("@", `${folder}/`);
  const placed = Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name,
      typeof value === "string" ? inFolder(value) : value.map(inFolder),
    ]),
  );
  const tls = servingTls({ ...FLAGS, ...placed }, { folder: undefined, address: "127.0.0.1" }, Date.now());
  const listener = await listen({ handler: (exchange) => exchange.respond(200, []), host: "127.0.0.1", port: 0, tls });
  try {
    await run(listener, folder);
  } finally {
    await listener.close();
    rmSync(folder, { recursive: true });
  }
}

it("old versions of TLS are not spoken", () =>
  serving({}, async (listener) => {
    assert.match(await seen(listener), /TLSv1.3/);
    assert.match(await seen(listener, { maxVersion: "TLSv1.2" }), /TLSv1.2/);
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    assert.match(await seen(listener, old), /ERR_SSL|ECONNRESET/);
  }));

it("the oldest version may be a newer one", () =>
  serving({ "tls-min-version": "VersionTLS13" }, async (listener) => {
    assert.match(await seen(listener), /TLSv1.3/);
    assert.match(await seen(listener, { maxVersion: "TLSv1.2" }), /ERR_SSL|ECONNRESET/);
  }));

it("only the ciphers that were chosen are offered, and TLS 1.3 still is", () =>
  serving({ "tls-cipher-suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] }, async (listener) => {
    assert.match(await seen(listener, { maxVersion: "TLSv1.2" }), /ECDHE_ECDSA_WITH_AES_256_GCM_SHA384/);
    assert.match(
      await seen(listener, { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }),
      /ERR_SSL|ECONNRESET/,
    );
    assert.match(await seen(listener), /TLSv1.3/);
  }));

it("a cipher that is none is named, with one that was meant", () => {
  assert.throws(
    () => openSslCiphers(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA265"]),
    /did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256/,
  );
  assert.equal(openSslCiphers([]), undefined);
});

it("a certificate answers to its names: those said first, then those in it, one star for one label", () => {
  const [a, b] = [pair("a.example.com"), pair("*.example.com")];
  const files = { "a.crt": a.cert, "a.key": a.key, "b.crt": b.cert, "b.key": b.key };
  return serving(
    { "tls-sni-cert-key": ["@b.crt,@b.key", "@a.crt,@a.key:said.org"] },
    async (listener) => {
      const servedTo = async (servername: string) => (await seen(listener, { servername })).split(" ")[0];
      assert.equal(await servedTo("said.org"), "DNS:a.example.com");
      assert.equal(await servedTo("x.example.com"), "DNS:*.example.com");
      assert.equal(await servedTo("x.y.example.com"), "DNS:kubernetes");
      assert.equal(await servedTo("other.org"), "DNS:kubernetes");
    },
    files,
  );
});

it("a flag for other names says what it lacks", () => {
  for (const text of ["cert", "cert,", "a,b,c", "a,b:c:d"])
    assert.throws(() => parseSniFlag(text), /expected comma separated/);
  assert.deepEqual(parseSniFlag("a.crt, a.key:x,y"), { certFile: "a.crt", keyFile: "a.key", names: ["x", "y"] });
  assert.deepEqual(Object.keys(certificatesByName([parseSniFlag("a,b:n")], (path) => path)), ["n"]);
});

it("new connections see a certificate that was taken up again, open ones go on", () => {
  const old = pair("old.example.com");
  return serving(
    { "tls-cert-file": "@tls.crt", "tls-private-key-file": "@tls.key" },
    async (listener, folder) => {
      assert.match(await seen(listener), /old.example.com/);
      const fresh = pair("new.example.com");
      writeFileSync(join(folder, "tls.crt"), fresh.cert);
      writeFileSync(join(folder, "tls.key"), fresh.key);
      const flags = {
        ...FLAGS,
        "tls-cert-file": join(folder, "tls.crt"),
        "tls-private-key-file": join(folder, "tls.key"),
      };
      listener.reloadTls(servingTls(flags, { folder: undefined, address: "" }, Date.now()));
      assert.match(await seen(listener), /new.example.com/);
    },
    { "tls.crt": old.cert, "tls.key": old.key },
  );
});

it("a file that cannot be read is named with its flag", () => {
  const flags = { ...FLAGS, "client-ca-file": "/nowhere/ca.crt" };
  assert.throws(
    () => servingTls(flags, { folder: undefined, address: "127.0.0.1" }, Date.now()),
    /--client-ca-file: \/nowhere\/ca.crt cannot be read/,
  );
});
