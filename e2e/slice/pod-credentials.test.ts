/** Certificates of pods, and of those whom they trust, in the files of a running container. `npm run soak -- pod-certificates` waits until one is renewed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { PodCredentials } from "./pod-credentials.ts";

describe("credentials of pods", { skip: whyNoContainers() ?? false }, () => {
  let credentials: PodCredentials;
  before(() => {
    credentials = new PodCredentials();
  });
  after(() => credentials?.cluster.down());

  test("a pod waits for its certificate, and has it with its key", async () => {
    const { cluster } = credentials;
    credentials.trust(credentials.anchor());
    credentials.makePod();
    const phase = () => cluster.kubectl(["get", "pod", "known", "-o", "jsonpath={.status.phase}"]);
    await eventually(
      "what it waits for",
      () => cluster.kubectl(["get", "podcertificaterequests", "-o", "name"]) !== "",
    );
    assert.equal(phase(), "Pending");
    await credentials.issue();
    cluster.kubectl(["wait", "--for=condition=Ready", "pod/known", "--timeout=60s"]);
    assert.match(credentials.certificate(), /^[0-9A-F]+$/);
  });

  test("whom the cluster trusts changes inside of the running container", async () => {
    assert.equal(credentials.read("anchors.pem"), credentials.anchor());
    const another = credentials.anchor(true);
    credentials.trust(credentials.anchor(), another);
    await eventually("the other authority", () => credentials.read("anchors.pem").includes(another));
  });
});
