/** Three servers on three members of etcd, each on a host of its own, and a node: one server is killed under load. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { whyNoEtcd } from "../storage/etcd-cluster.ts";
import { type Host, type Program, Rack } from "./hosts.ts";

const LOAD = join(import.meta.dirname, "load-program.ts");
const words = (output: string) => output.trim().split(" ").slice(1);
const kubeconfig = (host: Host) => join(host.folder, "home/default/kubeconfig");

describe("several servers", { skip: whyNoContainers() ?? whyNoEtcd() ?? false }, () => {
  let rack: Rack;
  const hosts: Host[] = [];
  const servers: Program[] = [];
  let agent: Program;
  let node: Host;

  const kubectl = (host: Host, ...args: string[]) =>
    host.run(realProgram("v35", "kubectl"), "--kubeconfig", kubeconfig(host), ...args);
  const etcdServers = () => `--etcd-servers=${hosts.map(({ address }) => `http://${address}:2379`).join(",")}`;
  const own = (host: Host) => [`--advertise-address=${host.address}`, etcdServers()];

  before(async () => {
    rack = new Rack();
    for (const number of [21, 22, 23]) hosts.push(await rack.add(number));
    const members = hosts.map((host, i) => startEtcd(host, i, hosts));
    for (const member of members) await member.says("ready to serve client requests");
    const [first] = hosts as [Host];
    const running = first.launch("server", ...own(first), "--cluster-cidr=10.231.0.0/16");
    await running.says("became leader");
    await eventually("the cluster's description", () =>
      kubectl(first, "get", "configmap", "cluster-info", "-n", "kube-public"),
    );
    servers.push(running);
  });
  after(() => rack.remove());

  test("a server is joined by another's token, and stands by", { timeout: 120_000 }, async () => {
    const [first, ...others] = hosts as [Host, ...Host[]];
    for (const host of others) {
      const { code, output } = first.kubets("token", "create", "--for-server", "--print-join-command");
      assert.equal(code, 0, output);
      const command = words(output).slice(0, -2);
      const running = host.launch(...command, ...own(host));
      await running.says("control plane ready");
      assert.doesNotMatch(running.log(), /became leader/);
      servers.push(running);
    }
    await eventually("all servers among the endpoints", () => {
      const found = kubectl(first, "get", "endpoints", "kubernetes", "-o", "jsonpath={.subsets[0].addresses[*].ip}");
      return hosts.every(({ address }) => found.split(" ").includes(address));
    });
  });

  test("a server is not joined without what only people see", () => {
    const [first, second] = hosts as [Host, Host];
    const command = words(first.kubets("token", "create", "--for-server", "--print-join-command").output).slice(0, -2);
    const key = command.indexOf("--certificate-key") + 1;
    const wrong = command.map((word, i) => (i === key ? "0".repeat(64) : word));
    const { code, output } = second.kubets(...wrong, ...own(second), "--cluster=other");
    assert.notEqual(code, 0);
    assert.match(output, /--certificate-key does not open the cluster's keys/);
    const plain = words(first.kubets("token", "create", "--print-join-command").output);
    const asServer = ["server", ...plain.slice(1), "--certificate-key", "0".repeat(64)];
    assert.match(second.kubets(...asServer, ...own(second), "--cluster=other").output, /the token is not for a server/);
  });

  test("a killed server takes no request of the others with it, nor a node", { timeout: 240_000 }, async () => {
    const [first, ...others] = hosts as [Host, ...Host[]];
    node = await rack.add(24);
    const command = words(first.kubets("token", "create", "--print-join-command").output);
    agent = node.launch(...command, `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await agent.says("node ready");
    const [second] = others as [Host];
    kubectl(second, "wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=60s");

    const loads = others.map((host, i) =>
      host.start(
        "load",
        process.execPath,
        "--disable-warning=ExperimentalWarning",
        LOAD,
        kubeconfig(host),
        `load-${i}`,
      ),
    );
    await eventually("load", () => kubectl(second, "get", "configmap", "load-0", "load-1"));
    await servers[0]?.kill("SIGKILL");
    await eventually("another leader", () => servers.slice(1).some((server) => server.log().includes("became leader")));
    for (const load of loads) {
      await load.end();
      const { requests, failures } = JSON.parse(load.log()) as { requests: number; failures: string[] };
      assert.deepEqual(failures, []);
      assert.ok(requests > 100, String(requests));
    }

    kubectl(second, "create", "deployment", "web", "--image=kubets.local/demo:1");
    kubectl(second, "rollout", "status", "deployment/web", "--timeout=90s");
    const ready = kubectl(second, "get", "node", node.name, "--no-headers");
    assert.match(ready, / Ready /);
  });

  test("a node starts again while the server that it was told of is gone", { timeout: 120_000 }, async () => {
    await agent.kill("SIGKILL");
    const again = node.launch("agent", `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await again.says("node ready");
  });
});

function startEtcd(host: Host, index: number, all: readonly Host[]): Program {
  const peer = (each: Host) => `http://${each.address}:2380`;
  return host.start(
    "etcd",
    "etcd",
    `--name=m${index}`,
    `--data-dir=${join(host.folder, "etcd")}`,
    `--listen-client-urls=http://${host.address}:2379`,
    `--advertise-client-urls=http://${host.address}:2379`,
    `--listen-peer-urls=${peer(host)}`,
    `--initial-advertise-peer-urls=${peer(host)}`,
    `--initial-cluster=${all.map((each, i) => `m${i}=${peer(each)}`).join(",")}`,
  );
}
