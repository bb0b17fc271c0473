/** `npm run soak -- pod-certificates`: the certificate of a pod is renewed in its running container, at the earliest time that the server allows: some ten minutes. */
import assert from "node:assert/strict";
import { eventually, whyNoContainers } from "../cluster.ts";
import { PodCredentials } from "../slice/pod-credentials.ts";

const why = whyNoContainers();
if (why) console.log(`certificates of pods cannot be tried here: ${why}`);
else {
  const credentials = new PodCredentials();
  const { cluster } = credentials;
  try {
    credentials.trust(credentials.anchor());
    credentials.makePod();
    await credentials.issue();
    cluster.kubectl(["wait", "--for=condition=Ready", "pod/known", "--timeout=120s"]);
    const first = credentials.certificate();
    const began = performance.now();
    await credentials.issue();
    await eventually("the next certificate", () => credentials.certificate() !== first);
    const restarts = "jsonpath={.status.containerStatuses[0].restartCount}";
    assert.equal(cluster.kubectl(["get", "pod", "known", "-o", restarts]), "0");
    console.log(`renewed after ${Math.round((performance.now() - began) / 1000)} s, without a restart`);
  } finally {
    cluster.down();
  }
}
