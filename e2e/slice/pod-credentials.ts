/**
 * A cluster with a signer of its own and a pod that has a certificate of that signer and the cluster's trust bundle, each as a file of a projected volume. The signer
 * issues when it is told to, certificates that want to be renewed as early as the server lets them.
 */
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { PodCertificateRequest } from "@kubets/api/generated/types/certificates-v1beta1";
import { formatTime } from "@kubets/machinery/time";
import { certificateToPem, createAuthority, createKey, issueCertificate, readSigningRequest } from "@kubets/wire/x509";
import { eventually, type TestCluster, upCluster } from "../cluster.ts";

const MINUTE_MS = 60_000;
const SIGNER = "example.com/pods";
const BUNDLE = "anchors";
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "known" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "c",
        image: "kubets.local/demo:1",
        command: ["sleep", "3600"],
        volumeMounts: [{ name: "id", mountPath: "/id" }],
      },
    ],
    volumes: [
      {
        name: "id",
        projected: {
          sources: [
            { podCertificate: { signerName: SIGNER, keyType: "ECDSAP256", credentialBundlePath: "bundle.pem" } },
            { clusterTrustBundle: { name: BUNDLE, path: "anchors.pem" } },
          ],
        },
      },
    ],
  },
};

/** In whole seconds, as certificates tell time. */
const seconds = (ms: number) => Math.floor(ms / 1000) * 1000;

export class PodCredentials {
  readonly cluster: TestCluster = upCluster({
    nodes: 1,
    suffix: "id",
    flags: ["--feature-gates=PodCertificateRequest=true", "--runtime-config=certificates.k8s.io/v1beta1=true"],
  });
  readonly #authority = createAuthority({
    commonName: SIGNER,
    key: createKey(),
    notBefore: seconds(Date.now() - 60 * MINUTE_MS),
    notAfter: seconds(Date.now() + 24 * 60 * MINUTE_MS),
  });

  /** PEM of an authority, the signer's or another one. */
  anchor(another = false): string {
    const { certificate } = another
      ? createAuthority({ commonName: "another", key: createKey(), notBefore: 0, notAfter: Date.now() + MINUTE_MS })
      : this.#authority;
    return certificateToPem(certificate);
  }

  trust(...anchors: readonly string[]): void {
    const bundle = {
      apiVersion: "certificates.k8s.io/v1beta1",
      kind: "ClusterTrustBundle",
      metadata: { name: BUNDLE },
      spec: { trustBundle: anchors.join("") },
    };
    this.cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(bundle) });
  }

  makePod(): void {
    this.cluster.kubectl(["create", "-f", "-"], { input: JSON.stringify(POD) });
  }

  /** Issues what is asked for next. */
  async issue(): Promise<void> {
    const request = await eventually("a request for a certificate", () => this.#open()[0], 11 * MINUTE_MS);
    const { publicKey } = readSigningRequest(Buffer.from(request.spec.stubPKCS10Request ?? "", "base64"));
    // The server wants a beginning of less than five minutes ago, and renewals ten minutes after it at the earliest.
    const notBefore = seconds(Date.now() - 4.5 * MINUTE_MS);
    const notAfter = notBefore + 60 * MINUTE_MS;
    const issued = issueCertificate(this.#authority, { commonName: "known", publicKey, notBefore, notAfter });
    const status = {
      certificateChain: certificateToPem(issued),
      notBefore: formatTime(notBefore),
      notAfter: formatTime(notAfter),
      beginRefreshAt: formatTime(notBefore + 10 * MINUTE_MS),
      conditions: [
        {
          type: "Issued",
          status: "True",
          reason: "Wanted",
          message: "by the test",
          lastTransitionTime: formatTime(Date.now()),
        },
      ],
    };
    const { name } = request.metadata;
    const patch = ["patch", "podcertificaterequest", name, "--subresource=status", "--type=merge", "-p"];
    this.cluster.kubectl([...patch, JSON.stringify({ status })]);
  }

  /** What the running container has: a certificate of the signer with the key to it; gives its serial number. */
  certificate(): string {
    const bundle = this.read("bundle.pem");
    const certificate = new X509Certificate(bundle.slice(bundle.indexOf("-----BEGIN CERTIFICATE")));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(bundle)));
    assert.ok(certificate.verify(new X509Certificate(this.anchor()).publicKey));
    return certificate.serialNumber;
  }

  read(file: string): string {
    return this.cluster.kubectl(["exec", "known", "--", "cat", `/id/${file}`]);
  }

  #open(): PodCertificateRequest[] {
    const { items } = JSON.parse(this.cluster.kubectl(["get", "podcertificaterequests", "-o", "json"])) as {
      items: PodCertificateRequest[];
    };
    return items.filter(({ status }) => !status?.certificateChain);
  }
}
