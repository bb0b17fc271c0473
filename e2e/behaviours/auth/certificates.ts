/** Certificate signing requests: every verb, and the parts that hold the approval and the status. */
import assert from "node:assert/strict";
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import { resourcePath } from "@kubets/api/resource-ref";
import { createKey, createSigningRequest } from "@kubets/wire/x509";
import { behaviour } from "../behaviour.ts";
import { everyVerb } from "../verbs.ts";

const MERGE = { "content-type": "application/merge-patch+json" };

behaviour(
  "[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations [Conformance]",
  { on: "api" },
  async (t) => {
    const request = Buffer.from(createSigningRequest(createKey(), { commonName: "behaviour" })).toString("base64");
    // A signer that nobody serves, so that nobody but this test acts on the request.
    const spec = {
      request,
      signerName: "behaviours.kubets.dev/nobody",
      expirationSeconds: 3600,
      usages: ["client auth"],
    };
    await everyVerb(t, certificatesigningrequests, (name, labels) => ({ metadata: { name, labels }, spec }));

    const { resources } = (await t.request("GET", "/apis/certificates.k8s.io/v1")).json as {
      resources: { name: string; verbs: string[] }[];
    };
    for (const part of ["approval", "status"])
      assert.deepEqual(
        resources.find(({ name }) => name === `certificatesigningrequests/${part}`)?.verbs.toSorted(),
        ["get", "patch", "update"],
        part,
      );

    const name = t.name("csr");
    t.cleanup(() => t.client.delete(certificatesigningrequests, { name }));
    const made = await t.client.create(certificatesigningrequests, { metadata: { name }, spec });
    assert.ok(made.spec.username, "the server says who asked");
    const path = (part: string) => resourcePath(certificatesigningrequests, undefined, name, part);
    const read = async (part: string) => {
      const answer = await t.request("GET", path(part));
      assert.deepEqual([answer.status, answer.json.kind], [200, "CertificateSigningRequest"], answer.text);
      return answer.json;
    };
    const annotated = (object: { metadata: object }, value: string) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { written: value } },
    });

    const approved = await read("approval");
    const updated = await t.request(
      "PUT",
      path("approval"),
      annotated(
        {
          ...approved,
          status: { conditions: [{ type: "Approved", status: "True", reason: "Tried", message: "by us" }] },
        },
        "approval updated",
      ),
    );
    assert.deepEqual([updated.status, updated.json.status.conditions[0].type], [200, "Approved"], updated.text);
    const patched = await t.request("PATCH", path("approval"), annotated({ metadata: {} }, "approval patched"), MERGE);
    assert.equal(patched.status, 200, patched.text);
    assert.equal(patched.json.metadata.annotations?.written, "approval patched");
    assert.equal((await read("approval")).status.conditions.length, 1);

    const written = await t.request("PUT", path("status"), annotated(await read("status"), "status updated"));
    assert.deepEqual(
      [written.status, written.json.metadata.annotations?.written],
      [200, "status updated"],
      written.text,
    );
    const last = await t.request("PATCH", path("status"), annotated({ metadata: {} }, "status patched"), MERGE);
    assert.deepEqual([last.status, last.json.metadata.annotations?.written], [200, "status patched"], last.text);
    assert.equal((await t.client.get(certificatesigningrequests, { name })).status?.conditions?.[0]?.type, "Approved");
  },
);
