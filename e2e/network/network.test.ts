/**
 * Three nodes, two of them on one link and one behind a router, with pods made by the CNI plugins from our configuration: every pod reaches
 * every other with its own address. Everything in network namespaces of the test's own.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { machineExec } from "@kubets/machinery/exec";
import { type RunningNetwork, startNetwork } from "@kubets/network";
import { Agent } from "../proxy/network.ts";

const PLUGINS = "/usr/lib/cni";
const PREFIX = `kn${process.pid.toString(36)}`;
const cannot =
  process.getuid?.() !== 0
    ? "only root can make network namespaces"
    : existsSync(join(PLUGINS, "bridge"))
      ? false
      : "the CNI plugins are not installed (Debian: apt-get install containernetworking-plugins)";

const NODES = {
  n1: { ip: "172.30.1.11", router: "172.30.1.1", link: "br1", podCidr: "10.244.1.0/24" },
  n2: { ip: "172.30.1.12", router: "172.30.1.1", link: "br1", podCidr: "10.244.2.0/24" },
  n3: { ip: "172.30.2.13", router: "172.30.2.1", link: "br2", podCidr: "10.244.3.0/24" },
} as const;
type NodeName = keyof typeof NODES;
const NAMES = Object.keys(NODES) as NodeName[];

const netns = (name: string) => `${PREFIX}-${name}`;
const ip = (command: string) => execFileSync("ip", command.split(" "), { stdio: "pipe" });
const at = (name: string, program: string, ...args: string[]) =>
  execFileSync("nsenter", [`--net=/run/netns/${netns(name)}`, program, ...args], { stdio: "pipe" }).toString();

describe("the pod network", { skip: cannot }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-network-"));
  const stop = new AbortController();
  const client = createClient(new MemoryApi());
  const cache = new SharedInformers({
    client,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
    signal: stop.signal,
  });
  const networks = new Map<NodeName, RunningNetwork>();
  const agents = new Map<string, Agent>();
  const podIps = new Map<string, string>();

  const plugin = (name: NodeName, command: "ADD" | "DEL"): string => {
    const conflist = JSON.parse(readFileSync(join(folder, name, "10-kubets.conflist"), "utf8")) as {
      cniVersion: string;
      name: string;
      plugins: object[];
    };
    const input = JSON.stringify({ cniVersion: conflist.cniVersion, name: conflist.name, ...conflist.plugins[0] });
    const env = {
      ...process.env,
      CNI_COMMAND: command,
      CNI_CONTAINERID: `pod-${name}`,
      CNI_IFNAME: "eth0",
      CNI_PATH: PLUGINS,
    };
    const args = [`--net=/run/netns/${netns(name)}`, join(PLUGINS, "bridge")];
    const { status, stdout } = spawnSync("nsenter", args, {
      input,
      env: { ...env, CNI_NETNS: `/run/netns/${netns(`pod-${name}`)}` },
    });
    assert.equal(status, 0, stdout.toString());
    return stdout.toString();
  };

  before(async () => {
    for (const name of ["world", ...NAMES, ...NAMES.map((node) => `pod-${node}`)]) {
      ip(`netns add ${netns(name)}`);
      at(name, "ip", "link", "set", "lo", "up");
    }
    at("world", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    for (const [link, address] of [
      ["br1", "172.30.1.1/24"],
      ["br2", "172.30.2.1/24"],
    ] as const) {
      at("world", "ip", "link", "add", link, "type", "bridge");
      at("world", "ip", "addr", "add", address, "dev", link);
      at("world", "ip", "link", "set", link, "up");
    }
    for (const name of NAMES) {
      const { ip: address, router, link, podCidr } = NODES[name];
      at("world", "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", netns(name));
      at("world", "ip", "link", "set", name, "master", link, "up");
      at(name, "ip", "addr", "add", `${address}/24`, "dev", "eth0");
      at(name, "ip", "link", "set", "eth0", "up");
      at(name, "ip", "route", "add", "default", "via", router);
      await client.create(nodes, {
        metadata: { name },
        spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
        status: { addresses: [{ type: "InternalIP", address }] },
      });
    }
    for (const name of NAMES) {
      const network = startNetwork({
        cache,
        clock: realClock,
        log: silentLogger,
        nodeName: name,
        exec: machineExec(["nsenter", `--net=/run/netns/${netns(name)}`, "--"]),
        clusterCidrs: ["10.244.0.0/16"],
        serviceCidrs: ["10.96.0.0/12"],
        masquerade: true,
        cniConfDir: join(folder, name),
        cniDataDir: join(folder, `${name}-data`),
        signal: stop.signal,
      });
      networks.set(name, network);
      await network.ready;
      const { ips } = JSON.parse(plugin(name, "ADD")) as { ips: { address: string }[] };
      podIps.set(name, (ips[0]?.address ?? "").split("/")[0] as string);
      for (const place of [name, `pod-${name}`]) agents.set(place, new Agent(netns(place)));
      for (const protocol of ["TCP", "UDP"] as const)
        await agents.get(`pod-${name}`)?.order({ do: "serve", protocol, host: "0.0.0.0", port: 80, name });
    }
    agents.set("world", new Agent(netns("world")));
    await agents.get("world")?.order({ do: "serve", protocol: "TCP", host: "0.0.0.0", port: 80, name: "world" });
  });

  after(() => {
    stop.abort();
    for (const agent of agents.values()) agent.stop();
    for (const name of ["world", ...NAMES, ...NAMES.map((node) => `pod-${node}`)])
      spawnSync("ip", ["netns", "del", netns(name)]);
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (from: string, host: string, timeoutMs = 2000) => agents.get(from)?.ask(host, 80, { timeoutMs });

  it("lets every pod reach every other, with its own address", async () => {
    for (const from of NAMES)
      for (const to of NAMES) {
        const answer = await ask(`pod-${from}`, podIps.get(to) as string);
        assert.equal(answer, `${to} ::ffff:${podIps.get(from)}`.replace("::ffff:", ""), `${from} to ${to}`);
      }
  });

  it("lets nodes reach all pods", async () => {
    for (const from of NAMES)
      for (const to of NAMES) assert.match((await ask(from, podIps.get(to) as string)) ?? "", new RegExp(`^${to} `));
  });

  it("shows the world the node, not the pod", async () => {
    assert.equal(await ask("pod-n3", "172.30.2.1"), "world 172.30.2.13");
    assert.equal(await ask("pod-n1", "172.30.2.1"), "world 172.30.1.11");
  });

  it("goes on links and through the tunnel as it should", () => {
    assert.match(at("n1", "ip", "route"), /10\.244\.2\.0\/24 via 172\.30\.1\.12 dev eth0/);
    assert.match(at("n1", "ip", "route"), /10\.244\.3\.0\/24 via 10\.244\.3\.0 dev kubets\.vxlan .*onlink/);
    assert.match(at("n1", "ip", "route"), /unreachable 10\.244\.0\.0\/16/);
  });

  it("carries packets as large as a link of the pods says, whole, on links and through the tunnel", async () => {
    const mtuOf = (place: string, link: string) =>
      Number(/ mtu (\d+) /.exec(at(place, "ip", "link", "show", link))?.[1]);
    const fragments = () => NAMES.flatMap((name) => [name, `pod-${name}`]).map((place) => fragmentsOf(place));
    const mtu = mtuOf("pod-n1", "eth0");
    // The tunnel wraps a packet in 50 bytes: no byte of the node's link is left unused.
    assert.equal(mtu, mtuOf("n1", "eth0") - 50);
    const before = fragments();
    for (const from of NAMES)
      for (const to of NAMES) {
        // Datagrams go with "don't fragment": one that were too large somewhere would be lost.
        const size = mtu - IP_HEADER - UDP_HEADER;
        const answer = await agents.get(`pod-${from}`)?.ask(podIps.get(to) as string, 80, { protocol: "UDP", size });
        assert.equal(answer?.length, size, `${from} to ${to}`);
      }
    assert.deepEqual(fragments(), before);
  });

  it("sends nothing to pods of nobody", async () => {
    assert.equal(await ask("pod-n1", "10.244.77.7"), "EHOSTUNREACH");
  });

  it("follows nodes that go and come back", async () => {
    await client.delete(nodes, { name: "n2" });
    const route = () => at("n1", "ip", "route", "show", "10.244.2.0/24");
    await waitFor(() => route() === "");
    const podCidr = NODES.n2.podCidr;
    await client.create(nodes, {
      metadata: { name: "n2" },
      spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
      status: { addresses: [{ type: "InternalIP", address: NODES.n2.ip }] },
    });
    await waitFor(() => route() !== "");
    assert.match((await ask("pod-n1", podIps.get("n2") as string)) ?? "", /^n2 /);
  });

  it("takes everything away again", async () => {
    for (const name of NAMES) {
      plugin(name, "DEL");
      await networks.get(name)?.cleanup();
      assert.equal(at(name, "ip", "route", "show", "proto", "98"), "");
      assert.equal(at(name, "nft", "list", "ruleset"), "");
      assert.doesNotMatch(at(name, "ip", "link"), /cni0|vxlan/);
      assert.ok(!existsSync(join(folder, name, "10-kubets.conflist")));
    }
  });
});

const IP_HEADER = 20;
const UDP_HEADER = 8;

/** How many fragments a network namespace made and put together. */
function fragmentsOf(place: string): number {
  const [names = "", values = ""] = at(place, "grep", "^Ip:", "/proc/net/snmp").split("\n");
  const wanted = ["FragCreates", "ReasmReqds"].map((name) => names.split(" ").indexOf(name));
  return wanted.reduce((sum, i) => sum + Number(values.split(" ")[i]), 0);
}

async function waitFor(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < end, "the condition did not come true in 5 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
