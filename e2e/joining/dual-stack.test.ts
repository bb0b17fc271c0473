/** Hosts that join a cluster of both families: pods on different hosts, services and names by IPv4 and by IPv6. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, whyNoContainers } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { type Host, Rack } from "./hosts.ts";

const url = (host: string, port: number) =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}/cgi-bin/index.cgi`;

describe("joining a cluster of both families", { skip: whyNoContainers() ?? false }, () => {
  let rack: Rack;
  let server: Host;
  const kubectl = (...args: string[]) =>
    server.run(realProgram("v35", "kubectl"), "--kubeconfig", join(server.folder, "home/default/kubeconfig"), ...args);
  const lines = (...args: string[]) =>
    kubectl(...args)
      .trim()
      .split("\n");

  before(async () => {
    rack = new Rack();
    server = await rack.add(10);
    const running = server.launch(
      "server",
      `--advertise-address=${server.address}`,
      "--cluster-cidr=10.231.0.0/16,fd00:231::/48",
      "--service-cluster-ip-range=10.97.0.0/16,fd00:97::/112",
    );
    await running.says("control plane ready");
    const { output } = server.kubets("token", "create", "--print-join-command");
    const agents = await Promise.all(
      [11, 12].map(async (number) => {
        const host = await rack.add(number);
        const flags = [`--node-ip=${host.address},${host.address6}`, `--cgroup-root=/${host.name}`];
        return host.launch(...output.trim().split(" ").slice(1), ...flags);
      }),
    );
    for (const agent of agents) await agent.says("node ready");
    const ready = "{.status.conditions[?(@.type=='Ready')].status}: {.status.conditions[?(@.type=='Ready')].message}";
    await eventually("both nodes to be ready", () => {
      const said = lines("get", "nodes", "-o", `jsonpath={range .items[*]}${ready}{"\\n"}{end}`);
      if (said.length < 2 || said.some((line) => !line.startsWith("True"))) throw new Error(said.join("; "));
      return true;
    });
  });
  after(() => rack.remove());

  test("pods of different hosts reach each other, their service and its name by both", {
    timeout: 180_000,
  }, async () => {
    kubectl("create", "deployment", "web", "--image=kubets.local/demo:1", "--replicas=4");
    kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080");
    kubectl("patch", "service", "web", "-p", '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}');
    kubectl("rollout", "status", "deployment/web", "--timeout=90s");
    const shown = '{range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIPs[*].ip}{"\\n"}{end}';
    const pods = lines("get", "pods", "-o", `jsonpath=${shown}`).map((line) => line.split(" "));
    assert.equal(new Set(pods.map(([, node]) => node)).size, 2);
    const ask = (host: string, port: number) =>
      kubectl("exec", pods[0]?.[0] as string, "--", "wget", "-qO-", url(host, port)).trim();
    for (const [name, , ...ips] of pods) {
      assert.equal(ips.length, 2);
      for (const ip of ips) assert.equal(ask(ip, 8080), name, ip);
    }
    const clusterIps = kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIPs[*]}").split(" ");
    assert.equal(clusterIps.length, 2);
    const names = pods.map(([name]) => name);
    for (const ip of [...clusterIps, "web"]) await eventually(`an answer at ${ip}`, () => names.includes(ask(ip, 80)));
    const said = kubectl(
      "exec",
      pods[0]?.[0] as string,
      "--",
      "nslookup",
      "-type=AAAA",
      "web.default.svc.cluster.local",
    );
    assert.ok(said.includes(clusterIps[1] as string), said);
  });
});
