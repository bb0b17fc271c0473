/** The overview of many pods: what the server finds at once is shown before all of them are read, all of it is right once they are, and stays so. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { ApiRequest } from "@kubets/client";
import { whyNoBrowser } from "../browser.ts";
import { eventually } from "../cluster.ts";
import { addPod, type Crowd, openCrowd } from "./crowd.ts";
import type { User } from "./dashboard.ts";

const PODS = 1200;
/** The last of all by their names, so that they are read last. */
const [EVICTED, UNPULLED, CRASHING] = ["web-990", "web-991", "web-992"];

describe("the overview of many pods", { skip: whyNoBrowser() ?? false }, () => {
  let crowd: Crowd;
  let user: User;
  /** All that the dashboard asked about the pods of the cluster. */
  let asked: ApiRequest[] = [];
  let further = Promise.withResolvers<void>();
  const setStatus = (name: string, status: object) =>
    crowd.client.patch(
      pods,
      { namespace: "default", name },
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
  const waitsFor = (reason: string) => ({
    containerStatuses: [
      { name: "c", image: "demo", imageID: "", ready: false, restartCount: 0, state: { waiting: { reason } } },
    ],
  });
  const allGivenUp = () => eventually("nothing runs on", () => asked.every(({ signal }) => signal?.aborted));
  before(async () => {
    crowd = await openCrowd({
      nodes: 20,
      pods: PODS,
      async onRequest(request) {
        if (!request.path.startsWith("/api/v1/pods?")) return;
        asked.push(request);
        if (request.path.includes("continue=")) await further.promise;
      },
    });
    await setStatus(EVICTED, { phase: "Failed", reason: "Evicted" });
    await setStatus(UNPULLED, { phase: "Pending", ...waitsFor("ImagePullBackOff") });
    await setStatus(CRASHING, waitsFor("CrashLoopBackOff"));
    user = await crowd.open("#/configmaps.v1");
    await allGivenUp();
  });
  after(() => crowd?.close());
  beforeEach(() => {
    asked = [];
    further = Promise.withResolvers();
  });

  it("ends all that it asked for when it is left, also while it counts", async () => {
    await user.goes("#/");
    await user.sees("Counting: 502 of 1200");
    assert.ok(asked.some(({ path, signal }) => path.includes("continue=") && !signal?.aborted));
    await user.goes("#/configmaps.v1");
    await allGivenUp();
    further.resolve();
  });

  it("shows how many there are and who is not well before all are read, and says that it counts", async () => {
    await user.goes("#/");
    await user.sees(/Pods 1200\b/);
    await user.sees(/500 Running\s+1 Failed\s+1 Pending\s+Counting: 502 of 1200/);
    await user.sees(/50\.1 of 80 requested so far/);
    await user.sees(/501 of 2200 taken so far/);
    await user.sees(/Pods in trouble so far: 2\b/);
    for (const text of [EVICTED, "Evicted", UNPULLED, "ImagePullBackOff"]) await user.sees(text);
    await user.sees("20 of 20 ready");
    further.resolve();
    await user.sees(/1198 Running\s+1 Failed\s+1 Pending/);
    await user.sees(/74.9Gi of 160Gi requested \(/);
    await user.sees(/1199 of 2200 taken \(/);
    await user.sees(/Pods in trouble: 3\b/);
    await user.sees(CRASHING);
    assert.doesNotMatch(await user.shown(), /Counting|so far/);
  });

  it("keeps them right while they change, and reads none of them again", async () => {
    await crowd.client.delete(pods, { namespace: "default", name: EVICTED }, { gracePeriodSeconds: 0 });
    await setStatus(UNPULLED, { phase: "Running", containerStatuses: [] });
    await addPod(crowd.client, "web-new", "node-1");
    await user.sees(/Pods 1200\s+1200 Running/);
    await user.sees(/75Gi of 160Gi requested \(/);
    await user.sees(/Pods in trouble: 1\b/);
    assert.deepEqual(asked, []);
  });
});
