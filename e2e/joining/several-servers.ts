/**
 * Servers on an etcd cluster, each with a member of it on a host of its own: the first makes the cluster, the others join it by its token.
 * What was killed can be started again as it was.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, PATIENCE } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import type { Host, Program, Rack } from "./hosts.ts";

const LOAD = join(import.meta.dirname, "load-program.ts");
const kubeconfig = (host: Host) => join(host.folder, "home/default/kubeconfig");

export class SeveralServers {
  readonly hosts: Host[] = [];
  readonly servers: Program[] = [];
  readonly members: Program[] = [];
  readonly #rack: Rack;
  readonly #flags: readonly string[];

  /** `flags` are those of every server. */
  constructor(rack: Rack, flags: readonly string[] = []) {
    this.#rack = rack;
    this.#flags = flags;
  }

  /** One host a number, etcd on all of them and the first server. */
  async stand(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) this.hosts.push(await this.#rack.add(number));
    for (const place of this.hosts.keys()) this.members.push(this.#etcd(place));
    for (const member of this.members) await member.says("ready to serve client requests");
    const [first] = this.hosts as [Host];
    const running = first.launch("server", ...this.own(first), "--cluster-cidr=10.231.0.0/16");
    await running.says("became leader");
    await eventually("the cluster's description", () =>
      this.kubectl(first, "get", "configmap", "cluster-info", "-n", "kube-public"),
    );
    this.servers.push(running);
  }

  /** Makes the next host a server by a token of the first. */
  async join(): Promise<Program> {
    const [first] = this.hosts as [Host];
    const host = this.hosts[this.servers.length] as Host;
    const running = host.launch(...this.invitation("--for-server").slice(0, -2), ...this.own(host));
    await running.says("control plane ready");
    this.servers.push(running);
    await eventually("the server among the endpoints", () => {
      const found = this.kubectl(
        first,
        "get",
        "endpoints",
        "kubernetes",
        "-o",
        "jsonpath={.subsets[0].addresses[*].ip}",
      );
      return found.split(" ").includes(host.address);
    });
    return running;
  }

  async joinNode(number: number): Promise<{ node: Host; agent: Program }> {
    const node = await this.#rack.add(number);
    const agent = node.launch(...this.invitation(), `--node-ip=${node.address}`, `--cgroup-root=/${node.name}`);
    await agent.says("node ready");
    this.kubectl(this.hosts[1] as Host, "wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=60s");
    return { node, agent };
  }

  /** The words of the command that the first server prints for newcomers. */
  invitation(...flags: string[]): string[] {
    const { code, output } = (this.hosts[0] as Host).kubets("token", "create", ...flags, "--print-join-command");
    assert.equal(code, 0, output);
    return output.trim().split(" ").slice(1);
  }

  async startServer(place: number): Promise<void> {
    const host = this.hosts[place] as Host;
    const running = host.launch("server", ...this.own(host), "--cluster-cidr=10.231.0.0/16");
    this.servers[place] = running;
    await running.says("control plane ready");
  }

  async startMember(place: number): Promise<void> {
    const running = this.#etcd(place);
    this.members[place] = running;
    await running.says("ready to serve client requests");
  }

  /** What writes and reads through one server until it is ended. */
  load(place: number, name: string, pauseMs = 0): Program {
    const program = ["--disable-warning=ExperimentalWarning", LOAD];
    const host = this.hosts[place] as Host;
    return host.start("load", process.execPath, ...program, kubeconfig(host), name, String(pauseMs));
  }

  /** By the real one, through the server of a host. */
  kubectl(host: Host, ...args: string[]): string {
    return host.run(realProgram("v35", "kubectl"), "--kubeconfig", kubeconfig(host), ...args);
  }

  /** The end of the log of each server and member, for whoever asks why it went wrong. */
  lastWords(): string {
    const end = (what: string) => (program: Program, place: number) =>
      `-- ${what} ${place}\n${program.log().trimEnd().split("\n").slice(-30).join("\n")}`;
    return [...this.servers.map(end("server")), ...this.members.map(end("member"))].join("\n");
  }

  own(host: Host): string[] {
    const urls = this.hosts.map(({ address }) => `http://${address}:2379`);
    return [`--advertise-address=${host.address}`, `--etcd-servers=${urls.join(",")}`, ...this.#flags];
  }

  #etcd(place: number): Program {
    const host = this.hosts[place] as Host;
    const peer = (each: Host) => `http://${each.address}:2380`;
    return host.start(
      "etcd",
      "etcd",
      `--name=m${place}`,
      `--data-dir=${join(host.folder, "etcd")}`,
      `--listen-client-urls=http://${host.address}:2379`,
      `--advertise-client-urls=http://${host.address}:2379`,
      `--listen-peer-urls=${peer(host)}`,
      `--initial-advertise-peer-urls=${peer(host)}`,
      // On a slow machine a member that is late is not gone.
      `--heartbeat-interval=${100 * PATIENCE}`,
      `--election-timeout=${1000 * PATIENCE}`,
      `--initial-cluster=${this.hosts.map((each, i) => `m${i}=${peer(each)}`).join(",")}`,
    );
  }
}

export interface Load {
  readonly requests: number;
  readonly slowestMs: number;
}

/** Ends a load; gives what it made, none of which failed. */
export async function unharmed(load: Program): Promise<Load> {
  await load.end();
  const { failures, ...made } = JSON.parse(load.log()) as Load & { failures: string[] };
  assert.deepEqual(failures, []);
  return made;
}
