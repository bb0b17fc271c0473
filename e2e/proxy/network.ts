/**
 * A small network for the tests: a node with two pods on a bridge, and a host outside that reaches pods and services through the
 * node. Everything is in network namespaces of its own.
 * Holds: `remove` takes away all of it, however far the making came.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Exec, machineExec } from "@kubets/machinery/exec";
import { removeWhenInterrupted } from "../interrupted.ts";
import type { AgentOrder } from "./net-agent.ts";

export type Place = "node" | "a" | "b" | "out";

const PODS = { a: { ip: "10.244.0.2", ip6: "fd00:244::2" }, b: { ip: "10.244.0.3", ip6: "fd00:244::3" } };

export class Agent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(text: string): void; reject(error: Error): void }>();
  #next = 0;

  constructor(netns: string) {
    const program = new URL("net-agent.ts", import.meta.url).pathname;
    this.#child = spawn("nsenter", [`--net=/run/netns/${netns}`, process.execPath, program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const { id, text, error } = JSON.parse(line) as { id: number; text?: string; error?: string };
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(text ?? "");
      else waiting?.reject(new Error(error));
    });
  }

  order(order: Omit<AgentOrder, "id">): Promise<string> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, ...order })}\n`);
    });
  }

  /** The answer, or the error's code. */
  ask(host: string, port: number, more: Partial<AgentOrder> = {}): Promise<string> {
    return this.order({ do: "ask", protocol: "TCP", host, port, ...more }).catch((error: Error) => error.message);
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

export class TestNetwork {
  readonly #prefix = `kp${process.pid.toString(36)}`;
  readonly agents = new Map<Place, Agent>();
  readonly pods = PODS;
  readonly outside = { ip: "192.0.2.2" };
  readonly nodeIp = "192.0.2.1";
  readonly #isRemoved = removeWhenInterrupted(() => this.remove());

  netns(place: Place): string {
    return `${this.#prefix}-${place}`;
  }

  exec(place: Place): Exec {
    return machineExec(["nsenter", `--net=/run/netns/${this.netns(place)}`, "--"]);
  }

  agent(place: Place): Agent {
    return this.agents.get(place) as Agent;
  }

  make(): void {
    for (const place of ["node", "a", "b", "out"] as const) {
      ip(`netns add ${this.netns(place)}`);
      this.#in(place, "link set lo up");
    }
    this.#in("node", "link add cni0 type bridge");
    this.#in("node", "addr add 10.244.0.1/24 dev cni0");
    this.#in("node", "-6 addr add fd00:244::1/64 dev cni0 nodad");
    this.#in("node", "link set cni0 up");
    for (const pod of ["a", "b"] as const) {
      this.#in("node", `link add veth-${pod} type veth peer name eth0 netns ${this.netns(pod)}`);
      this.#in("node", `link set veth-${pod} master cni0 up`);
      // A pod that reaches itself through a service goes out by the port by which it came, as with hairpinMode of the bridge plugin.
      this.#in("node", `link set veth-${pod} type bridge_slave hairpin on`);
      this.#in(pod, `addr add ${PODS[pod].ip}/24 dev eth0`);
      this.#in(pod, `-6 addr add ${PODS[pod].ip6}/64 dev eth0 nodad`);
      this.#in(pod, "link set eth0 up");
      this.#in(pod, "route add default via 10.244.0.1");
      this.#in(pod, "-6 route add default via fd00:244::1");
    }
    this.#in("node", `link add veth-out type veth peer name eth0 netns ${this.netns("out")}`);
    this.#in("node", `addr add ${this.nodeIp}/24 dev veth-out`);
    this.#in("node", "link set veth-out up");
    this.#in("out", `addr add ${this.outside.ip}/24 dev eth0`);
    this.#in("out", "link set eth0 up");
    this.#in("out", `route add default via ${this.nodeIp}`);
    this.#in("node", "route add default via 192.0.2.2");
    // What the pod network gives every node: cluster IPs have a route, or else no program of the node could ask for one.
    this.#in("node", "route add 10.96.0.0/12 dev veth-out");
    this.#in("node", "-6 route add fd00:96::/108 dev veth-out");
    for (const [key, value] of [
      ["ipv4/ip_forward", 1],
      ["ipv6/conf/all/forwarding", 1],
      ["bridge/bridge-nf-call-iptables", 1],
      ["bridge/bridge-nf-call-ip6tables", 1],
    ])
      this.#run("node", ["sh", "-c", `echo ${value} > /proc/sys/net/${key}`]);
    for (const place of ["node", "a", "b", "out"] as const) this.agents.set(place, new Agent(this.netns(place)));
  }

  remove(): void {
    this.#isRemoved();
    for (const agent of this.agents.values()) agent.stop();
    for (const place of ["node", "a", "b", "out"] as const)
      try {
        ip(`netns del ${this.netns(place)}`);
      } catch {
        // It was not made.
      }
  }

  #in(place: Place, command: string): void {
    this.#run(place, ["ip", ...command.split(" ")]);
  }

  #run(place: Place, command: readonly string[]): void {
    execFileSync("nsenter", [`--net=/run/netns/${this.netns(place)}`, ...command], { stdio: "pipe" });
  }
}

const ip = (command: string) => execFileSync("ip", command.split(" "), { stdio: "pipe" });
