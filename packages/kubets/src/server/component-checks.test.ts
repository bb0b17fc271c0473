import assert from "node:assert/strict";
import { test } from "node:test";
import { leases } from "@kubets/api/generated/refs";
import { startTestServer } from "@kubets/apiserver/testing/server";
import { formatMicroTime } from "@kubets/machinery/time";
import { leaderCheck, startedCheck } from "./component-checks.ts";

test("a part is well from when it has started", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = startedCheck(promise);
  assert.equal(check(), "it has not started yet");
  resolve();
  await promise;
  assert.equal(check(), undefined);
});

test("the leader is well while it renews its lease", async () => {
  const { admin, clock, close } = await startTestServer();
  try {
    const lease = { namespace: "kube-system", name: "leader" };
    const check = leaderCheck(admin, lease, clock);
    assert.match((await check()) ?? "", /cannot be read: .*"leader" not found/);
    const spec = { holderIdentity: "one", leaseDurationSeconds: 15, renewTime: formatMicroTime(clock.now()) };
    await admin.create(leases, { metadata: lease, spec });
    assert.equal(await check(), undefined);
    await clock.advance(16_000);
    assert.equal(await check(), "one leads, but has not renewed its lease");
    await admin.patch(leases, lease, { type: "merge", body: { spec: { holderIdentity: null } } });
    assert.equal(await check(), "no server leads");
  } finally {
    await close();
  }
});

test("a leader whose clock is wrong is judged by whether its lease changes", async () => {
  const { admin, clock, close } = await startTestServer();
  try {
    const lease = { namespace: "kube-system", name: "leader" };
    const check = leaderCheck(admin, lease, clock);
    const renewed = (offMs: number) => ({
      holderIdentity: "one",
      leaseDurationSeconds: 15,
      renewTime: formatMicroTime(clock.now() + offMs),
    });
    await admin.create(leases, { metadata: lease, spec: renewed(-3_600_000) });
    for (let i = 0; i < 3; i++) {
      assert.equal(await check(), undefined);
      await clock.advance(10_000);
      await admin.patch(leases, lease, { type: "merge", body: { spec: renewed(-3_600_000) } });
    }
    await admin.patch(leases, lease, { type: "merge", body: { spec: renewed(3_600_000) } });
    assert.equal(await check(), undefined);
    await clock.advance(16_000);
    assert.equal(await check(), "one leads, but has not renewed its lease");
  } finally {
    await close();
  }
});
