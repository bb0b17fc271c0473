/** `kubets scheduler` and `kubets controller-manager` as processes of their own, whom `kubets apiserver` chooses to lead. */
import assert from "node:assert/strict";
import { after, it } from "node:test";
import { leasecandidates, leases } from "@kubets/api/generated/refs";
import { formatMicroTime } from "@kubets/machinery/time";
import { eventually } from "../cluster.ts";
import { freePort, Programs } from "./programs.ts";

const programs = new Programs();
after(() => programs.stop());

it("leads by the choice of the API server, until one of an older version stands for it", async () => {
  const gate = { "feature-gates": "CoordinatedLeaderElection=true" };
  const api = await programs.apiServer({ ...gate, "runtime-config": "coordination.k8s.io/v1beta1=true" });
  const { client, kubeconfig } = api;
  const started = ["scheduler", "controller-manager"].map(async (name) => {
    const flags = { kubeconfig, "bind-address": "127.0.0.1", "secure-port": String(await freePort()), ...gate };
    await programs.start(name, flags, /\bready\b/);
  });
  await Promise.all(started);
  const leaseOf = (name: string) => client.get(leases, { namespace: "kube-system", name });
  for (const leaseName of ["kube-scheduler", "kube-controller-manager"]) {
    const { spec } = await leaseOf(leaseName);
    const candidate = await client.get(leasecandidates, { namespace: "kube-system", name: spec.holderIdentity ?? "" });
    assert.deepEqual([candidate.spec.leaseName, spec.strategy], [leaseName, "OldestEmulationVersion"]);
  }
  await client.create(leasecandidates, {
    metadata: { namespace: "kube-system", name: "older" },
    spec: {
      leaseName: "kube-scheduler",
      binaryVersion: "1.36.0",
      emulationVersion: "1.35.0",
      strategy: "OldestEmulationVersion",
      renewTime: formatMicroTime(Date.now()),
    },
  });
  await eventually("the hand over", async () => {
    const older = await client.get(leasecandidates, { namespace: "kube-system", name: "older" });
    // It lives: it answers when it is asked.
    if (older.spec.pingTime && older.spec.pingTime > (older.spec.renewTime ?? ""))
      await client.update(leasecandidates, {
        ...older,
        spec: { ...older.spec, renewTime: formatMicroTime(Date.now()) },
      });
    return (await leaseOf("kube-scheduler")).spec.holderIdentity === "older" || undefined;
  });
});
