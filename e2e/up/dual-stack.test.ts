/**
 * A cluster of both families on two nodes: pods, services, names and load balancers by IPv4 and by IPv6, from pods and from this machine; and what a cluster puts
 * on this machine's loopback goes again.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const SIX = /^fd00:10:/;

interface Listed {
  readonly spec: {
    readonly nodeName: string;
    readonly podCIDRs: readonly string[];
    readonly clusterIPs: readonly string[];
    readonly ports: readonly { readonly nodePort: number }[];
  };
  readonly status: {
    readonly podIPs: readonly { readonly ip: string }[];
    readonly hostIPs: readonly { readonly ip: string }[];
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string }[] };
  };
}

const url = (host: string, port: number) => `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });

describe("a cluster of both families", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  /** The ranges of its load balancers. */
  let pools: string[];
  /** What this machine has of them: addresses of its loopback, and the two routes that lead nowhere, which are there as long as the cluster. */
  const held = () =>
    pools.flatMap((pool) => {
      const family = pool.includes(":") ? "-6" : "-4";
      const addresses = ip("-brief", family, "address", "show", "dev", "lo", "to", pool);
      return `${addresses}${ip(family, "route", "show", "root", pool)}`
        .split("\n")
        .filter((line) => line && !line.includes("proto kernel"));
    });
  const get = (what: string, name: string) => JSON.parse(cluster.kubectl(["get", what, name, "-o", "json"])) as Listed;
  const apply = (object: object) => cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  const wget = (from: string, host: string, port: number) =>
    cluster.kubectl(["exec", from, "--", "wget", "-qO-", url(host, port)]).trim();
  const service = (name: string, spec: object) =>
    apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
    });

  before(() => {
    cluster = upCluster({ nodes: 2, suffix: "six", flags: ["--dual-stack"] });
    const { plan } = JSON.parse(readFileSync(join(cluster.home, cluster.name, "network.json"), "utf8")) as {
      plan: { loadBalancerRange: string; six: { loadBalancerRange: string } };
    };
    pools = [plan.loadBalancerRange, plan.six.loadBalancerRange];
    for (const n of [1, 2])
      apply({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: `web-${n}`, labels: { app: "web" } },
        spec: {
          nodeName: `node-${n}`,
          containers: [{ name: "main", image: "kubets.local/demo:1" }],
        },
      });
    cluster.kubectl(["wait", "pod/web-1", "pod/web-2", "--for=condition=Ready", "--timeout=90s"]);
  });
  after(() => {
    cluster?.down();
    if (pools) assert.deepEqual(held(), []);
  });

  it("gives nodes and pods addresses of both, each node a part of both pod ranges", () => {
    for (const n of [1, 2]) {
      const node = get("node", `node-${n}`);
      assert.match(node.spec.podCIDRs[1] ?? "", SIX);
      const internal = node.status.addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address);
      assert.equal(internal.length, 2);
      const { status } = get("pod", `web-${n}`);
      assert.deepEqual(
        status.hostIPs.map(({ ip }) => ip),
        internal,
      );
      assert.deepEqual(
        status.podIPs.map(({ ip }) => SIX.test(ip)),
        [false, true],
      );
    }
  });

  it("lets pods of different nodes reach each other by both", () => {
    for (const each of get("pod", "web-2").status.podIPs) assert.equal(wget("web-1", each.ip, 8080), "web-2", each.ip);
  });

  it("serves a service at both of its addresses and at the node port of both, and at its name", async () => {
    service("both", { type: "NodePort", ipFamilyPolicy: "RequireDualStack" });
    const { spec } = get("service", "both");
    const nodePort = spec.ports[0]?.nodePort as number;
    assert.equal(spec.clusterIPs.length, 2);
    const hosts = get("pod", "web-2").status.hostIPs.map(({ ip }) => ip);
    for (const [host, port] of [
      ...spec.clusterIPs.map((ip) => [ip, 80] as const),
      ...hosts.map((ip) => [ip, nodePort] as const),
      ["both", 80] as const,
    ])
      await eventually(`an answer at ${host}`, () => /^web-[12]$/.test(wget("web-1", host, port)));
    const asked = cluster.kubectl(["exec", "web-1", "--", "nslookup", "-type=AAAA", "both.default.svc.cluster.local"]);
    assert.ok(asked.includes(spec.clusterIPs[1] as string), asked);
  });

  it("serves a service of IPv6 alone, and a headless one of both", async () => {
    service("six", { ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" });
    await eventually("an answer", () => /^web-[12]$/.test(wget("web-2", "six", 80)));
    service("all", { clusterIP: "None", ipFamilyPolicy: "RequireDualStack" });
    const ips = [1, 2].flatMap((n) => get("pod", `web-${n}`).status.podIPs.map(({ ip }) => ip));
    await eventually("all addresses", () => {
      const said = cluster.kubectl(["exec", "web-1", "--", "nslookup", "all.default.svc.cluster.local"]);
      return ips.every((ip) => said.includes(ip));
    });
  });

  it("gives a load balancer an address of each, which this machine and pods reach until it goes", async () => {
    service("balanced", { type: "LoadBalancer", ipFamilyPolicy: "RequireDualStack" });
    const ips = await eventually("two addresses", () => {
      const ingress = get("service", "balanced").status.loadBalancer.ingress ?? [];
      return ingress.length === 2 && ingress.map(({ ip }) => ip);
    });
    for (const ip of ips) {
      await eventually(`an answer at ${ip}`, async () =>
        /^web-[12]\n$/.test(await fetch(url(ip, 80)).then((answer) => answer.text())),
      );
      assert.match(wget("web-2", ip, 80), /^web-[12]$/);
    }
    assert.equal(held().length, 4, held().join("\n"));
    cluster.kubectl(["delete", "service", "balanced"]);
    await eventually("the addresses to be gone", () => held().length === 2);
    // One that is there at the end must go with the cluster.
    service("last", { type: "LoadBalancer" });
    await eventually("another address", () => held().length === 3);
  });

  it("leads nowhere what is for nobody", () => {
    const netns = `--net=/run/kubets/${cluster.name}/ns/node-node-1/net`;
    for (const nobody of ["10.244.77.7", "fd00:10:244:77::7"])
      assert.throws(
        () => execFileSync("nsenter", [netns, "ip", "route", "get", nobody], { encoding: "utf8", stdio: "pipe" }),
        /No route to host|unreachable/,
      );
    for (const range of get("node", "node-2").spec.podCIDRs) {
      const family = range.includes(":") ? "-6" : "-4";
      const route = execFileSync("nsenter", [netns, "ip", family, "route", "show", range], { encoding: "utf8" });
      assert.match(route, /via .* dev eth0/, range);
    }
  });
});
