/** Two real nodes on this machine: their runtimes, their pods, the ways between them, and that nothing is left of them. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { get } from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { realClock } from "@kubets/machinery";
import {
  buildImage,
  type ClusterSandbox,
  createClusterSandbox,
  DEMO_IMAGE,
  DEMO_PORT,
  leftovers,
  listImages,
  loadImages,
  type NodeSandbox,
  removeImage,
  run,
  tryRun,
} from "@kubets/sandbox";
import { refusal, type TestCluster, testCluster, testLog } from "./machine.ts";
import { runPod, type TestPod } from "./pod.ts";

describe("a cluster's sandbox", { skip: await refusal() }, () => {
  let test: TestCluster;
  let cluster: ClusterSandbox;
  let nodes: NodeSandbox[];
  let pods: TestPod[];

  const open = () =>
    createClusterSandbox({
      name: test.place.name,
      folder: test.place.folder,
      uplink: false,
      clock: realClock,
      log: testLog,
    });

  before(async () => {
    test = await testCluster("pair");
    cluster = await open();
    nodes = await Promise.all(["node-1", "node-2"].map((name) => cluster.addNode(name)));
    pods = await Promise.all(nodes.map((node) => runPod(node, `pod-on-${node.name}`)));
  });
  after(async () => {
    assert.deepEqual(await cluster.remove(), []);
    assert.deepEqual(await leftovers(test.place), []);
    await test.removeFolder();
  });

  const [one, two] = [() => nodes[0] as NodeSandbox, () => nodes[1] as NodeSandbox];
  const pod = (index: number) => pods[index] as TestPod;

  it("gives each node a runtime with the local images", async () => {
    for (const node of nodes) {
      assert.match(node.containerdVersion, /^v?\d+\.\d+/);
      const names = (await listImages(node.containerdSocket)).flatMap((image) => image.repoTags);
      assert.ok(names.includes(DEMO_IMAGE), String(names));
    }
  });

  it("builds an image of a folder, loads it and removes it again", async () => {
    const { images, containerdSocket } = one();
    const has = async () =>
      (await listImages(containerdSocket)).some(({ repoTags }) => repoTags.includes("docker.io/me/own:1"));
    const folder = import.meta.dirname;
    const loaded = await buildImage({ name: "me/own:1", from: folder, config: { cmd: ["/none"] } }, (image) =>
      loadImages(images, [image]),
    );
    assert.deepEqual(loaded, ["docker.io/me/own:1"]);
    while (!(await has())) await wait(20);
    await removeImage(containerdSocket, "me/own:1");
    assert.equal(await has(), false);
    await removeImage(containerdSocket, "me/own:1");
  });

  it("names each node in its own namespaces, and hides the host's links", async () => {
    assert.equal((await run("hostname", [], { scope: one().scope })).trim(), "node-1");
    const links = (await run("ip", ["-br", "link"], { scope: { net: one().scope.net } })).trim().split("\n");
    const own = links.map((line) => line.split(/[\s@]/)[0] as string).filter((name) => !/^veth[0-9a-f]+$/.test(name));
    assert.ok(own.includes("eth0") && own.includes("lo"));
    assert.deepEqual(
      own.filter((name) => !["cni0", "eth0", "kubets-svc", "lo"].includes(name)),
      [],
    );
  });

  it("lets nodes and the control plane reach each other", async () => {
    await run("busybox", ["ping", "-c", "1", "-W", "2", two().address], { scope: { net: one().scope.net } });
    await run("busybox", ["ping", "-c", "1", "-W", "2", cluster.address], { scope: { net: two().scope.net } });
  });

  it("gives pods addresses of their node's range, and ways between nodes", async () => {
    assert.ok(pod(0).address.startsWith("10.") && pod(0).address !== pod(1).address);
    const fetched = await pod(0).exec("wget", "-q", "-O", "-", `http://${pod(1).address}:${DEMO_PORT}/`);
    assert.equal(fetched, "pod-on-node-2\n");
    // The control plane reaches pods too.
    const scope = { net: cluster.scope.net };
    assert.equal(
      await run("busybox", ["wget", "-q", "-O", "-", `http://${pod(1).address}:${DEMO_PORT}/`], { scope }),
      "pod-on-node-2\n",
    );
  });

  it("lets a local connect to a service be rewritten to an endpoint, and drops what is not", async () => {
    const scope = { net: one().scope.net };
    const rules = `table ip try { chain o { type nat hook output priority -100; ip daddr 10.96.0.5 tcp dport 80 dnat to ${pod(1).address}:${DEMO_PORT}; }; }`;
    await run("nft", ["-f", "-"], { scope, input: rules });
    assert.equal(await run("busybox", ["wget", "-q", "-O", "-", "http://10.96.0.5/"], { scope }), "pod-on-node-2\n");
    await run("nft", ["delete", "table", "ip", "try"], { scope });
    const unknownPod = await tryRun("busybox", ["ping", "-c", "1", "-W", "1", "10.244.200.1"], { scope });
    assert.notEqual(unknownPod.code, 0);
  });

  it("serves a pod at a port of the host", async () => {
    const port = await cluster.publish({ hostPort: 0, target: { host: pod(0).address, port: DEMO_PORT } });
    assert.equal(await fetchText(`http://127.0.0.1:${port.port}/`), "pod-on-node-1\n");
    await port.close();
  });

  it("counts the container's processes to the node's cgroup", async () => {
    const path = (await pod(0).exec("cat", "/proc/self/cgroup")).split("\n").find((line) => /memory|^0::/.test(line));
    assert.ok(path?.includes(`${one().cgroup}/kubepods/`), path ?? "no line");
  });

  it("starts a containerd again that ended, and its pods live on", async () => {
    const before = two().containerdPid();
    process.kill(before, "SIGKILL");
    while (two().containerdPid() === before) await wait(20);
    assert.equal(await pod(1).exec("hostname"), "pod-on-node-2\n");
  });

  it("ends a container at once by its signal", async () => {
    assert.ok((await pod(0).stop()) < 5000);
    await pod(0).remove();
  });

  it("stops, and starts again with its images and addresses", async () => {
    const addresses = nodes.map((node) => node.address);
    assert.deepEqual(await cluster.stop(), []);
    assert.ok(existsSync(test.place.folder));
    cluster = await open();
    nodes = await Promise.all(["node-2", "node-1"].map((name) => cluster.addNode(name)));
    assert.deepEqual(nodes.map((node) => node.address).toReversed(), addresses);
    const again = await runPod(nodes[0] as NodeSandbox, "again");
    assert.equal(await again.exec("hostname"), "again\n");
  });

  it("removes one node and keeps the others", async () => {
    const [first, second] = nodes as [NodeSandbox, NodeSandbox];
    await second.remove();
    assert.equal(existsSync(second.folder), false);
    await run("busybox", ["ping", "-c", "1", "-W", "2", cluster.address], { scope: { net: first.scope.net } });
  });
});

const fetchText = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    }).on("error", reject);
  });
