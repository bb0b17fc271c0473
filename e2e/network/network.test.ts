/**
 * Three nodes of both families, two of them on one link and one behind a router, with pods made by the CNI plugins from our configuration: every pod reaches
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

const node = (link: 1 | 2, number: number, pods: number) => ({
  link: `br${link}`,
  ips: { v4: `172.30.${link}.${number}`, v6: `fd77:${link}::${number}` },
  routers: { v4: `172.30.${link}.1`, v6: `fd77:${link}::1` },
  podCidrs: { v4: `10.244.${pods}.0/24`, v6: `fd44:0:0:${pods}::/64` },
});
const NODES = { n1: node(1, 11, 1), n2: node(1, 12, 2), n3: node(2, 13, 3) } as const;
type NodeName = keyof typeof NODES;
const NAMES = Object.keys(NODES) as NodeName[];
const FAMILIES = ["v4", "v6"] as const;
type Family = (typeof FAMILIES)[number];

const nodeObject = (name: NodeName) => {
  const [podCIDRs, ips] = [Object.values(NODES[name].podCidrs), Object.values(NODES[name].ips)];
  return {
    metadata: { name },
    spec: { podCIDR: podCIDRs[0], podCIDRs },
    status: { addresses: ips.map((address) => ({ type: "InternalIP", address })) },
  };
};

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
  const podIps: Record<Family, Map<string, string>> = { v4: new Map(), v6: new Map() };

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
    for (const setting of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"])
      at("world", "sh", "-c", `echo 1 > /proc/sys/net/${setting}`);
    for (const { link, routers } of [NODES.n1, NODES.n3]) {
      at("world", "ip", "link", "add", link, "type", "bridge");
      at("world", "ip", "addr", "add", `${routers.v4}/24`, "dev", link);
      at("world", "ip", "addr", "add", `${routers.v6}/64`, "dev", link, "nodad");
      at("world", "ip", "link", "set", link, "up");
    }
    for (const name of NAMES) {
      const { ips, routers, link } = NODES[name];
      at("world", "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", netns(name));
      at("world", "ip", "link", "set", name, "master", link, "up");
      at(name, "ip", "addr", "add", `${ips.v4}/24`, "dev", "eth0");
      at(name, "ip", "addr", "add", `${ips.v6}/64`, "dev", "eth0", "nodad");
      at(name, "ip", "link", "set", "eth0", "up");
      for (const router of Object.values(routers)) at(name, "ip", "route", "add", "default", "via", router);
      await client.create(nodes, nodeObject(name));
    }
    for (const name of NAMES) {
      const network = startNetwork({
        cache,
        clock: realClock,
        log: silentLogger,
        nodeName: name,
        exec: machineExec(["nsenter", `--net=/run/netns/${netns(name)}`, "--"]),
        clusterCidrs: ["10.244.0.0/16", "fd44::/48"],
        serviceCidrs: ["10.96.0.0/12", "fd96::/108"],
        masquerade: true,
        cniConfDir: join(folder, name),
        cniDataDir: join(folder, `${name}-data`),
        signal: stop.signal,
      });
      networks.set(name, network);
      await network.ready;
      const { ips } = JSON.parse(plugin(name, "ADD")) as { ips: { address: string }[] };
      for (const { address } of ips)
        podIps[address.includes(":") ? "v6" : "v4"].set(name, address.split("/")[0] as string);
      for (const place of [name, `pod-${name}`]) agents.set(place, new Agent(netns(place)));
      for (const protocol of ["TCP", "UDP"] as const)
        for (const host of Object.values(podIps).map((ips) => ips.get(name) as string))
          await agents.get(`pod-${name}`)?.order({ do: "serve", protocol, host, port: 80, name });
    }
    agents.set("world", new Agent(netns("world")));
    for (const host of Object.values(NODES.n3.routers))
      await agents.get("world")?.order({ do: "serve", protocol: "TCP", host, port: 80, name: "world" });
  });

  after(() => {
    stop.abort();
    for (const agent of agents.values()) agent.stop();
    for (const name of ["world", ...NAMES, ...NAMES.map((node) => `pod-${node}`)])
      spawnSync("ip", ["netns", "del", netns(name)]);
    rmSync(folder, { recursive: true, force: true });
  });

  // New neighbours may cost the first packets.
  const ask = (from: string, host: string, timeoutMs = 10_000) => agents.get(from)?.ask(host, 80, { timeoutMs });

  /** Every pair of nodes, by each family. */
  async function everyWay(check: (from: NodeName, to: NodeName, ip: string, family: Family) => Promise<void>) {
    for (const family of FAMILIES)
      for (const from of NAMES) for (const to of NAMES) await check(from, to, podIps[family].get(to) as string, family);
  }

  it("lets every pod reach every other, with its own address", () =>
    everyWay(async (from, to, address, family) => {
      const answer = await ask(`pod-${from}`, address);
      assert.equal(answer, `${to} ${podIps[family].get(from)}`, `${from} to ${to} by ${family}`);
    }));

  it("lets nodes reach all pods", () =>
    everyWay(async (from, to, address) => assert.match((await ask(from, address)) ?? "", new RegExp(`^${to} `))));

  it("shows the world the node, not the pod", async () => {
    for (const family of FAMILIES)
      for (const name of ["n3", "n1"] as const)
        assert.equal(await ask(`pod-${name}`, NODES.n3.routers[family]), `world ${NODES[name].ips[family]}`);
  });

  it("goes on links and through the tunnel as it should", () => {
    const routes = ["-4", "-6"].map((family) => at("n1", "ip", family, "route")).join("");
    assert.match(routes, /10\.244\.2\.0\/24 via 172\.30\.1\.12 dev eth0/);
    assert.match(routes, /10\.244\.3\.0\/24 via 10\.244\.3\.0 dev kubets\.vxlan .*onlink/);
    assert.match(routes, /unreachable 10\.244\.0\.0\/16/);
    assert.match(routes, /fd44:0:0:2::\/64 via fd77:1::12 dev eth0/);
    assert.match(routes, /fd44:0:0:3::\/64 via fd44:0:0:3:: dev kubets\.vxlan .*onlink/);
    assert.match(routes, /unreachable fd44::\/48/);
  });

  it("carries packets as large as a link of the pods says, whole, on links and through the tunnel", async () => {
    const mtuOf = (place: string, link: string) =>
      Number(/ mtu (\d+) /.exec(at(place, "ip", "link", "show", link))?.[1]);
    const fragments = () => NAMES.flatMap((name) => [name, `pod-${name}`]).map((place) => fragmentsOf(place));
    const mtu = mtuOf("pod-n1", "eth0");
    // The tunnel wraps a packet in 50 bytes: no byte of the node's link is left unused.
    assert.equal(mtu, mtuOf("n1", "eth0") - 50);
    const before = fragments();
    await everyWay(async (from, to, address, family) => {
      // Datagrams go with "don't fragment": one that were too large somewhere would be lost.
      const size = mtu - HEADERS[family];
      const answer = await agents.get(`pod-${from}`)?.ask(address, 80, { protocol: "UDP", size });
      assert.equal(answer?.length, size, `${from} to ${to} by ${family}`);
    });
    assert.deepEqual(fragments(), before);
  });

  it("sends nothing to pods of nobody", async () => {
    for (const address of ["10.244.77.7", "fd44:0:0:77::7"])
      assert.match((await ask("pod-n1", address)) ?? "", /^E(HOST|NET)UNREACH$/, address);
  });

  it("follows nodes that go and come back", async () => {
    await client.delete(nodes, { name: "n2" });
    const routes = () =>
      FAMILIES.map((family) =>
        at("n1", "ip", family === "v4" ? "-4" : "-6", "route", "show", NODES.n2.podCidrs[family]),
      );
    await waitFor(() => routes().every((route) => route === ""));
    await client.create(nodes, nodeObject("n2"));
    await waitFor(() => routes().every((route) => route !== ""));
    for (const family of FAMILIES)
      assert.match((await ask("pod-n1", podIps[family].get("n2") as string)) ?? "", /^n2 /);
  });

  it("takes everything away again", async () => {
    for (const name of NAMES) {
      plugin(name, "DEL");
      await networks.get(name)?.cleanup();
      for (const family of ["-4", "-6"]) assert.equal(at(name, "ip", family, "route", "show", "proto", "98"), "");
      assert.equal(at(name, "nft", "list", "ruleset"), "");
      assert.doesNotMatch(at(name, "ip", "link"), /cni0|vxlan/);
      assert.ok(!existsSync(join(folder, name, "10-kubets.conflist")));
    }
  });
});

/** Of IP and UDP. */
const HEADERS = { v4: 20 + 8, v6: 40 + 8 };

/** How many fragments of IPv4 and IPv6 a network namespace made and put together. */
function fragmentsOf(place: string): number[] {
  const [names = "", values = ""] = at(place, "grep", "^Ip:", "/proc/net/snmp").split("\n");
  const six = at(place, "grep", "-E", "FragCreates|ReasmReqds", "/proc/net/snmp6").match(/\d+$/gm);
  const four = ["FragCreates", "ReasmReqds"].map((name) => values.split(" ")[names.split(" ").indexOf(name)]);
  return [...four, ...(six ?? [])].map(Number);
}

async function waitFor(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < end, "the condition did not come true in 5 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
