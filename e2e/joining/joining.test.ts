/** Hosts that become one cluster: a server, and nodes that join it by a token, with runtimes, routes and certificates of their own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { type Host, type Program, Rack } from "./hosts.ts";

const words = (command: string) => command.trim().split(" ").slice(1);

describe("joining", { skip: whyNoContainers() ?? false }, () => {
  let rack: Rack;
  let server: Host;
  const agents = new Map<Host, Program>();
  const nodes: Host[] = [];

  const kubectl = (...args: string[]) =>
    server.run(realProgram("v35", "kubectl"), "--kubeconfig", join(server.folder, "home/default/kubeconfig"), ...args);
  const joinCommand = () => {
    const { code, output } = server.kubets("token", "create", "--print-join-command");
    assert.equal(code, 0, output);
    return words(output);
  };
  const agentFlags = (host: Host) => [`--node-ip=${host.address}`, `--cgroup-root=/${host.name}`];

  before(async () => {
    rack = new Rack();
    server = await rack.add(10);
    const running = server.launch("server", `--advertise-address=${server.address}`, "--cluster-cidr=10.231.0.0/16");
    await running.says("control plane ready");
  });
  after(() => rack.remove());

  test("a token, the authority's hash and an address make a host a node", { timeout: 180_000 }, async () => {
    for (const number of [11, 12]) {
      const host = await rack.add(number);
      nodes.push(host);
      agents.set(host, host.launch(...joinCommand(), ...agentFlags(host)));
    }
    for (const agent of agents.values()) await agent.says("node ready");
    kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s");
    assert.equal(kubectl("get", "nodes", "--no-headers").trim().split("\n").length, 2);
  });

  test("pods of different hosts reach each other, by address and by name", { timeout: 180_000 }, async () => {
    kubectl("create", "deployment", "web", "--image=kubets.local/demo:1", "--replicas=4");
    kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080");
    kubectl("rollout", "status", "deployment/web", "--timeout=90s");
    const pods = kubectl(
      "get",
      "pods",
      "-o",
      'jsonpath={range .items[*]}{.metadata.name} {.status.podIP} {.spec.nodeName}{"\\n"}{end}',
    )
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string, string]);
    assert.equal(new Set(pods.map(([, , node]) => node)).size, 2);
    const [asking] = pods as [[string, string, string], ...[string, string, string][]];
    for (const [name, address] of pods) {
      const answer = kubectl("exec", asking[0], "--", "wget", "-qO-", `http://${address}:8080/cgi-bin/index.cgi`);
      assert.equal(answer.trim(), name);
    }
    const byName = kubectl("exec", asking[0], "--", "wget", "-qO-", "http://web/cgi-bin/index.cgi").trim();
    assert.ok(
      pods.some(([name]) => name === byName),
      byName,
    );
  });

  test("logs and exec pass through, as the kubelets serve with certificates of the cluster", () => {
    const serving = kubectl("get", "csr", "-o", "jsonpath={.items[*].spec.signerName}").split(" ");
    assert.equal(serving.filter((name) => name === "kubernetes.io/kubelet-serving").length, 2);
    assert.match(kubectl("logs", "deployment/web"), /serving on port 8080/);
  });

  test("an agent that is killed comes back without a token, and its containers have gone on", async () => {
    const [host] = nodes as [Host];
    const containers = () =>
      kubectl("get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].containerID}");
    const before = containers();
    await agents.get(host)?.kill("SIGKILL");
    const again = host.launch("agent", ...agentFlags(host));
    agents.set(host, again);
    await again.says("node ready");
    kubectl("wait", "--for=condition=Ready", `node/${host.name}`, "--timeout=60s");
    kubectl("wait", "--for=condition=Ready", "pods", "--all", "--timeout=60s");
    assert.equal(containers(), before);
  });

  test("whoever cannot be trusted is told why", async () => {
    const host = await rack.add(13);
    const command = joinCommand();
    const fail = (...args: string[]) => {
      const { code, output } = host.kubets(...args, ...agentFlags(host));
      assert.notEqual(code, 0);
      return output;
    };
    const swap = (flag: string, value: string) => command.map((word, i) => (command[i - 1] === flag ? value : word));
    assert.match(
      fail(...swap("--ca-hash", `sha256:${"0".repeat(64)}`)),
      /the cluster's authority has the hash sha256:/,
    );
    const id = (command[command.indexOf("--token") + 1] as string).slice(0, 6);
    assert.match(fail(...swap("--token", `${id}.${"0".repeat(16)}`)), /is not signed with this token/);
    assert.match(
      fail(...swap("--token", "aaaaaa.0000000000000000")),
      /does not know the token aaaaaa, or it has expired/,
    );
    assert.match(fail(...swap("--token", "nonsense")), /what was given is no token/);
    assert.match(fail("agent"), /belongs to no cluster: give --server, --token and --ca-hash/);
    assert.match(fail(...command, `--node-name=${nodes[0]?.name}`), /is in the cluster and ready/);
  });

  test("a token that was deleted lets nobody in", async () => {
    const command = joinCommand();
    const token = command[command.indexOf("--token") + 1] as string;
    assert.match(server.kubets("token", "list").output, new RegExp(`^${token} +23h`, "m"));
    assert.equal(server.kubets("token", "delete", token).code, 0);
    const host = await rack.add(14);
    await eventually("the token's end", () => {
      const { output } = host.kubets(...command, ...agentFlags(host), "--node-name=late");
      assert.match(output, /does not know the token/);
      return true;
    });
  });
});
