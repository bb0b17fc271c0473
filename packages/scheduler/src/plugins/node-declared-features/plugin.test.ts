import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { runScheduler } from "../../testing/run.ts";
import { nodeDeclaredFeatures } from "./plugin.ts";

const able = node("able")
  .status({ declaredFeatures: ["UserNamespacesHostNetworkSupport"] })
  .build();
const plain = node("plain").build();
const lacking = (name: string) => `node declared features check failed - unsatisfied requirements: ${name}!`;

test("a pod goes where what it needs is declared", () => {
  const { refusals } = fixture(nodeDeclaredFeatures, {}, able, plain);
  const onHost = pod("a").spec({ hostNetwork: true, hostUsers: false }).build();
  assert.deepEqual(refusals(pod("b").spec({ hostNetwork: true }).build()), { able: "", plain: "" });
  assert.deepEqual(refusals(onHost), { able: "", plain: lacking("UserNamespacesHostNetworkSupport") });
  const rules = [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } }];
  const restarting = pod("c").container("d", { restartPolicyRules: rules }).build();
  const nowhere = lacking("RestartAllContainersOnContainerExits");
  assert.deepEqual(refusals(restarting), { able: nowhere, plain: nowhere });
});

test("a pod that waits hears of a node that declares more", async () => {
  const { cluster, settle, clock, stop } = await runScheduler();
  cluster.put(plain, pod("a").spec({ hostNetwork: true, hostUsers: false }).build());
  await settle();
  cluster.put(
    node("plain")
      .status({ declaredFeatures: ["UserNamespacesHostNetworkSupport"] })
      .build(),
  );
  await clock.advance(2000);
  await settle();
  assert.deepEqual(cluster.placements(), ["a -> plain"]);
  stop();
});
