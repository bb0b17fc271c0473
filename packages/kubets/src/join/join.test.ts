import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { KUBELET_SERVING, servingWish } from "@kubets/client/certificates/node-wishes";
import { signatureOf } from "@kubets/controllers/bootstrapsigner/controller";
import { API_CLIENT } from "@kubets/controllers/certificates/request";
import { createKey, createSigningRequest, readSigningRequest } from "@kubets/wire/x509";
import { ClusterPki } from "../cluster/pki.ts";
import { frontProxy } from "../server/certificates.ts";
import { approval } from "./approve.ts";
import { partWish } from "./certificate-wishes.ts";
import { clusterInfoText, trustedClusterInfo } from "./cluster-info.ts";
import { NODE_PARTS } from "./node-users.ts";
import { hasKeys, newCertificateKey, openKeys, sealedKeys } from "./server-keys.ts";
import { newToken, parseToken } from "./token.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "kubets-join-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("tokens", () => {
  test("are made in the form in which they are read", () => {
    const { id, secret } = newToken();
    assert.deepEqual(parseToken(`${id}.${secret}`), { id, secret });
  });
  test("of another form are refused", () => {
    for (const text of ["", "abcdef", "ABCDEF.0123456789abcdef", "abcdef.0123456789abcde"])
      assert.throws(() => parseToken(text), /is no token/);
  });
});

describe("the cluster's description", () => {
  test("is believed when the token signed it and the authority has the hash", () => {
    inFolder((folder) => {
      const pki = new ClusterPki(folder, () => NOW);
      const token = newToken();
      const info = { server: "https://192.0.2.1:6443", ca: pki.caPem };
      const kubeconfig = clusterInfoText(info);
      const data = { kubeconfig, [`jws-kubeconfig-${token.id}`]: signatureOf(kubeconfig, token) };
      assert.deepEqual(trustedClusterInfo(data, token, [pki.caPin]), info);
      assert.deepEqual(trustedClusterInfo(data, token, []), info);
      assert.throws(() => trustedClusterInfo(data, token, ["sha256:00"]), /has the hash/);
      assert.throws(() => trustedClusterInfo(data, { ...token, secret: "x" }, []), /not signed with this token/);
      assert.throws(() => trustedClusterInfo(data, { ...token, id: "other0" }, []), /does not know the token/);
      const moved = { ...data, kubeconfig: kubeconfig.replace("192.0.2.1", "192.0.2.2") };
      assert.throws(() => trustedClusterInfo(moved, token, []), /not signed with this token/);
    });
  });
});

describe("the keys of servers", () => {
  test("open with their key alone, and only as they were sealed", () => {
    inFolder((folder) => {
      const [from, to] = [join(folder, "from"), join(folder, "to")];
      new ClusterPki(from, () => NOW).signingKey("service-account");
      frontProxy(join(from, "front-proxy"), () => NOW);
      const key = newCertificateKey();
      const sealed = sealedKeys(from, key);
      assert.equal(hasKeys(to), false);
      assert.throws(() => openKeys(sealed, newCertificateKey(), to), /does not open the cluster's keys/);
      assert.throws(() => openKeys({ ...sealed, "ca.crt": sealed["ca.key"] ?? "" }, key, to), /does not open/);
      assert.equal(hasKeys(to), false);
      openKeys(sealed, key, to);
      assert.ok(hasKeys(to));
      for (const file of ["ca.key", "front-proxy/ca.crt", "service-account.key"])
        assert.equal(readFileSync(join(to, file), "utf8"), readFileSync(join(from, file), "utf8"));
    });
  });
});

describe("certificates that nodes ask for", () => {
  const node = (name: string, address: string) =>
    ({ metadata: { name }, status: { addresses: [{ type: "InternalIP", address }] } }) as unknown as Node;
  const ground = { servers: ["192.0.2.1", "api.example"], nodes: [node("a", "192.0.2.11"), node("b", "192.0.2.12")] };
  const asked = (
    { usage, signerName, ...subject }: ReturnType<typeof servingWish>,
    { username = "system:node:a", groups = ["system:nodes"], usages = ["digital signature", usage as string] } = {},
  ) => {
    const request = createSigningRequest(createKey(), subject);
    const csr = { spec: { username, groups, signerName, usages, request }, status: {} } as unknown;
    return approval(csr as CertificateSigningRequest, readSigningRequest(request), ground) !== undefined;
  };

  test("their own serving certificate is theirs", () => {
    assert.ok(asked(servingWish("a", ["192.0.2.11", "127.0.0.1"])));
    assert.ok(asked(servingWish("a", ["192.0.2.99"])));
  });
  test("nobody serves as another", () => {
    assert.ok(!asked(servingWish("b", ["192.0.2.12"])));
    assert.ok(!asked(servingWish("a", ["192.0.2.12"])), "an address of another node");
    assert.ok(!asked(servingWish("a", ["192.0.2.1"])), "an address of a server");
    assert.ok(!asked({ ...servingWish("a", ["192.0.2.11"]), dnsNames: ["api.example"] }));
    assert.ok(!asked(servingWish("a", ["192.0.2.11"]), { username: "someone", groups: ["system:authenticated"] }));
    assert.ok(!asked(servingWish("a", ["192.0.2.11"]), { groups: [] }));
  });
  test("their parts are known by their own names, and no others", () => {
    for (const part of Object.values(NODE_PARTS)) assert.ok(asked(partWish(part)));
    assert.ok(!asked(partWish({ commonName: "system:kube-proxy", organizations: ["system:masters"] })));
    assert.ok(!asked(partWish({ commonName: "kubernetes-admin", organizations: [] })));
    assert.ok(!asked({ ...partWish(NODE_PARTS.dns), dnsNames: ["x"] }));
    assert.ok(!asked(partWish(NODE_PARTS.dns), { usages: ["digital signature", "server auth"] }));
    assert.ok(!asked({ ...partWish(NODE_PARTS.dns), signerName: KUBELET_SERVING }));
    assert.equal(partWish(NODE_PARTS.dns).signerName, API_CLIENT);
  });
});
