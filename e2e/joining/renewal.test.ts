/** A cluster whose certificates live a minute: it works on while each of them is renewed, by itself and by one command. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { type Host, type Program, Rack } from "./hosts.ts";

const PARTS = ["system:kube-proxy", "system:coredns", "system:local-path-provisioner", "system:kubets:network"];

describe("renewal", { skip: whyNoContainers() ?? false }, () => {
  let rack: Rack;
  let host: Host;
  let node: Host;
  let server: Program;
  let agent: Program;

  const kubectl = (...args: string[]) =>
    host.run(realProgram("v35", "kubectl"), "--kubeconfig", join(host.folder, "home/default/kubeconfig"), ...args);
  const renewals = (log: string, what: string) => log.split("\n").filter((line) => line.includes(what)).length;
  const works = () => {
    kubectl("wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=30s");
    assert.match(kubectl("exec", "web", "--", "echo", "through the kubelet"), /through the kubelet/);
  };

  before(async () => {
    rack = new Rack();
    host = await rack.add(31);
    node = await rack.add(32);
    const flags = [`--advertise-address=${host.address}`, "--cluster-cidr=10.231.0.0/16", "--certificate-lifetime=1m"];
    server = host.launch("server", ...flags);
    await server.says("control plane ready");
    const command = host.kubets("token", "create", "--print-join-command").output.trim().split(" ").slice(1);
    agent = node.launch(...command, `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await agent.says("node ready");
    kubectl("run", "web", "--image=kubets.local/demo:1");
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=60s");
  });
  after(() => rack.remove());

  test("one command renews all, at once", { timeout: 90_000 }, async () => {
    works();
    const [servers, nodes] = [
      renewals(server.log(), "certificates renewed"),
      renewals(agent.log(), "certificate renewed"),
    ];
    const { code, output } = host.kubets("certs", "renew");
    assert.equal(code, 0, output);
    await eventually("new certificates of the server", () => renewals(server.log(), "certificates renewed") > servers);
    // The node's own, what its kubelet serves with, and those of its parts.
    await eventually(
      "new certificates of the node",
      () => renewals(agent.log(), "certificate renewed") >= nodes + PARTS.length + 2,
    );
    works();
    assert.match(host.kubets("certs", "list").output, /^apiserver +\S+Z +\d+s$/m);
  });

  test("every certificate is renewed before it ends", { timeout: 240_000 }, async () => {
    const twice = (what: string) =>
      eventually(
        `two renewals of ${what}`,
        () => renewals(agent.log(), `certificate renewed what=${what}`) >= 3,
        200_000,
      );
    await Promise.all([...PARTS, `system:node:${node.name}`, "kubelet-serving"].map(twice));
    works();
  });
});
