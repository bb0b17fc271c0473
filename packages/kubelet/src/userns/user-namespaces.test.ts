import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom, VirtualClock } from "@kubets/machinery";
import { NamespaceMode } from "@kubets/wire/generated/cri";
import { kubeletDefaults } from "../config.ts";
import { containerSecurity, namespaceOptions } from "../container-config/security-context.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { podFolder } from "../paths.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { simulatedNode } from "../testing/simulated-node.ts";
import { freeRange, UserNamespaces } from "./user-namespaces.ts";

const paths = { root: "/k", podLogs: "/logs" };
const own = (uid: string) => pod(uid).uid(uid).spec({ hostUsers: false }).build();

test("each pod has users of its own, and keeps them over a restart", async () => {
  const disk = new MemoryDisk();
  for (const uid of ["a", "b", "c"]) await disk.makeFolder(podFolder(paths, uid));
  const first = new UserNamespaces(disk, paths, 2);
  assert.equal(await first.of(pod("x").build()), undefined);
  assert.deepEqual(await first.of(own("a")), [{ hostId: 65_536, containerId: 0, length: 65_536 }]);
  assert.equal((await first.of(own("b")))?.[0]?.hostId, 131_072);
  await assert.rejects(first.of(own("c")), /no range of users is left/);
  const second = new UserNamespaces(disk, paths, 2);
  assert.equal((await second.of(own("b")))?.[0]?.hostId, 131_072);
  second.release("a");
  assert.equal((await second.of(own("c")))?.[0]?.hostId, 65_536);
  assert.equal(freeRange([65_536, 196_608], 5), 131_072);
});

test("the runtime is asked for the mapping, and by default for none", () => {
  const users = [{ hostId: 65_536, containerId: 0, length: 65_536 }];
  assert.equal(namespaceOptions(own("a")).usernsOptions, undefined);
  const wanted = { mode: NamespaceMode.POD, uids: users, gids: users };
  assert.deepEqual(namespaceOptions(own("a"), users).usernsOptions, wanted);
  const facts = { seccompFolder: "", seccompDefault: false, users };
  const { namespaceOptions: asked } = containerSecurity(
    own("a"),
    own("a").spec.containers[0] as never,
    undefined,
    facts,
  );
  assert.deepEqual(asked?.usernsOptions, wanted);
});

test("a runtime that has no user namespaces is not asked for one", async () => {
  const node = await simulatedNode();
  try {
    await node.api.createPod(pod("a").on("node-1").uid("a").spec({ hostUsers: false }).build());
    await node.clock.advance(5000);
    assert.deepEqual(await node.runtime.listSandboxes(), []);
    assert.match(
      node.api.events("a").join("\n"),
      /FailedCreatePodSandBox: .*RuntimeClass handler "" does not support user namespaces/,
    );
  } finally {
    await node.stop();
  }
});

test("a node tells that pods may have users of their own and its network, where its runtime can and that is switched on", async () => {
  const name = "UserNamespacesHostNetworkSupport";
  for (const told of [false, true]) {
    const config = { file: { ...kubeletDefaults.file, featureGates: { [name]: told } } };
    const [clock, disk] = [new VirtualClock(), new MemoryDisk()];
    const runtime = new SimulatedRuntime({ clock, random: seededRandom(1), disk });
    const { status: usual } = runtime;
    runtime.status = async () => ({ ...(await usual.call(runtime)), userNamespacesHostNetwork: true });
    const node = await simulatedNode({ config, over: { clock, disk, runtime } });
    await node.clock.advance(1000);
    const { status } = await node.api.client.get(nodes, { name: "node-1" });
    assert.equal(status.declaredFeatures?.includes(name), told);
    await node.stop();
  }
});
