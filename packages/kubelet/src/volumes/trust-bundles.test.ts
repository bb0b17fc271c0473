import assert from "node:assert/strict";
import { test } from "node:test";
import { clustertrustbundles } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { simulatedNode } from "../testing/simulated-node.ts";
import { distinctCertificates } from "./trust-bundles.ts";

const certificate = (content: string) => `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----\n`;
const [A, B, C] = ["AAAA", "BBBB", "CCCC"].map(certificate) as [string, string, string];

test("each certificate once, without what stands between", () => {
  assert.deepEqual(distinctCertificates([`${B}words\n${A}`, A.replaceAll("\n", "\r\n")]), [A, B]);
  assert.deepEqual(distinctCertificates(["nothing"]), []);
});

test("a projected volume has the bundles that it asks for, or the pod waits", async () => {
  const node = await simulatedNode();
  const bundle = (name: string, trustBundle: string, live: string) =>
    node.api.client.create(clustertrustbundles, {
      metadata: { name, labels: { live } },
      spec: { signerName: "example.com/signer", trustBundle },
    });
  const file = (uid: string) =>
    node.disk
      .readFile(`/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~projected/trust/ca.crt`)
      .then(String, () => undefined);
  const make = (name: string, wanted: object) =>
    node.api.createPod(
      pod(name)
        .on("node-1")
        .uid(name)
        .container("c", { image: "a" })
        .spec({
          volumes: [{ name: "trust", projected: { sources: [{ clusterTrustBundle: { path: "ca.crt", ...wanted } }] } }],
        })
        .build(),
    );
  try {
    await bundle("one", A + B, "yes");
    await bundle("two", B + C, "yes");
    await bundle("old", certificate("OLD"), "no");
    await make("named", { name: "two" });
    await make("signed", { signerName: "example.com/signer", labelSelector: { matchLabels: { live: "yes" } } });
    await make("optional", { name: "none", optional: true });
    await make("missing", { name: "none" });
    await node.clock.advance(3000);
    assert.equal(await file("named"), B + C);
    assert.equal(await file("signed"), A + B + C);
    assert.equal(await file("optional"), "");
    assert.equal((await node.api.pod("missing"))?.status.phase, "Pending");
    assert.match(node.api.events("missing")[0] ?? "", /FailedMount: MountVolume.SetUp failed for volume "trust"/);
  } finally {
    await node.stop();
  }
});
