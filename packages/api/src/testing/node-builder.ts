/** Nodes for tests: `node("n").capacity({ cpu: "4" }).taint("k", "NoSchedule").build()`. Ready, with room for a few pods. */
import type { Node, NodeSpec, NodeStatus } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { metadataOf } from "./parts.ts";

export const node = (name: string): NodeBuilder => new NodeBuilder(name);

const SYSTEM_INFO = {
  machineID: "",
  systemUUID: "",
  bootID: "",
  kernelVersion: "6.1.0",
  osImage: "Debian GNU/Linux 12 (bookworm)",
  containerRuntimeVersion: "containerd://1.6.20",
  kubeletVersion: "v1.36.2",
  kubeProxyVersion: "",
  operatingSystem: "linux",
  architecture: "amd64",
};
const ROOM = { cpu: "4", memory: "8Gi", pods: "110" };

export class NodeBuilder {
  readonly #node: Draft<Node>;

  constructor(name: string) {
    this.#node = {
      kind: "Node",
      apiVersion: "v1",
      metadata: { ...metadataOf(name), labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
      spec: {},
      status: {
        capacity: { ...ROOM },
        allocatable: { ...ROOM },
        conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }],
        addresses: [],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        nodeInfo: { ...SYSTEM_INFO },
      },
    };
  }

  labels(labels: Readonly<Record<string, string>>): this {
    this.#node.metadata.labels = { ...this.#node.metadata.labels, ...labels };
    return this;
  }

  annotations(annotations: Readonly<Record<string, string>>): this {
    this.#node.metadata.annotations = { ...this.#node.metadata.annotations, ...annotations };
    return this;
  }

  /** What the node has, all of it allocatable. */
  capacity(resources: Readonly<Record<string, string>>): this {
    this.#node.status.capacity = { ...this.#node.status.capacity, ...resources };
    this.#node.status.allocatable = { ...this.#node.status.allocatable, ...resources };
    return this;
  }

  taint(key: string, effect: string, value?: string): this {
    (this.#node.spec.taints ??= []).push(value === undefined ? { key, effect } : { key, effect, value });
    return this;
  }

  unschedulable(): this {
    return this.spec({ unschedulable: true });
  }

  address(type: string, address: string): this {
    (this.#node.status.addresses ??= []).push({ type, address });
    return this;
  }

  /** Sets one condition, Ready among them. */
  condition(type: string, status: string, more: { reason?: string; lastHeartbeatTime?: string } = {}): this {
    const others = (this.#node.status.conditions ?? []).filter((condition) => condition.type !== type);
    this.#node.status.conditions = [...others, { type, status, ...more }];
    return this;
  }

  spec(more: Partial<NodeSpec>): this {
    Object.assign(this.#node.spec, structuredClone(more));
    return this;
  }

  status(more: Partial<NodeStatus>): this {
    Object.assign(this.#node.status, structuredClone(more));
    return this;
  }

  build(): Node {
    return structuredClone(this.#node) as Node;
  }
}
