import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { parseKubeletConfig } from "../config.ts";
import { simulatedNode } from "../testing/simulated-node.ts";

const CONFIG = parseKubeletConfig(
  "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncpuManagerPolicy: static\nkubeReserved: {cpu: 500m}\n",
);
const own = (name: string, cpu: string) => {
  const amounts = { cpu, memory: "1Gi" };
  return pod(name)
    .on("node-1")
    .uid(name)
    .container("c", { image: "a", resources: { limits: amounts, requests: amounts } })
    .build();
};
const shared = (name: string) => pod(name).on("node-1").uid(name).container("c", { image: "a" }).build();

test("a container alone on its CPUs, the others beside it, also after the kubelet's restart", async () => {
  const first = await simulatedNode({ config: CONFIG });
  const { runtime, api, clock } = first;
  const cpusOf = async (uid: string) => {
    const [found] = await runtime.listContainers(uid);
    if (!found) return undefined;
    return (runtime.resourcesOf(found.id) ?? runtime.configOf(found.id).linux?.resources)?.cpusetCpus;
  };
  await api.createPod(shared("s"));
  await clock.advance(3000);
  assert.equal(await cpusOf("s"), "0-3");
  await api.createPod(own("a", "2"));
  await clock.advance(3000);
  assert.equal(await cpusOf("a"), "1-2");
  assert.equal(await cpusOf("s"), "0,3");
  await first.stop();

  const second = await simulatedNode({ config: CONFIG, over: first });
  try {
    await clock.advance(3000);
    await api.createPod(own("b", "1"));
    await clock.advance(3000);
    assert.equal(await cpusOf("b"), "3");
    assert.equal(await cpusOf("s"), "0");
    await api.deletePod("a", 0);
    await clock.advance(5000);
    assert.equal(await cpusOf("s"), "0-2");
    await api.createPod(own("c", "2"));
    await clock.advance(3000);
    assert.equal(await cpusOf("c"), "1-2");
  } finally {
    await second.stop();
  }
});

test("a configuration that cannot work stops the kubelet", async () => {
  const config = (lines: string) =>
    parseKubeletConfig(`apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${lines}`);
  await assert.rejects(simulatedNode({ config: config("cpuManagerPolicy: static\n") }), /requires systemreserved\.cpu/);
  await assert.rejects(simulatedNode({ config: config("topologyManagerPolicy: best\n") }), /best-effort, restricted/);
  await assert.rejects(
    simulatedNode({
      config: config("memoryManagerPolicy: Static\nreservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}]\n"),
    }),
    /reservedMemory reserves 1073741824 bytes/,
  );
});
