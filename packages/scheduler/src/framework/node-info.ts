/**
 * The one mutable NodeInfo: sums are kept as pods come and go, never worked out anew. A node whose object is not there (yet, or no more)
 * still counts its pods; it is in no snapshot until the object comes.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { HostPort } from "@kubets/api/pod/host-ports";
import type { NodeStamps } from "./node-stamps.ts";
import type { PodInfo } from "./pod-info.ts";
import { ResourceSum, resourcesOfList } from "./resources.ts";
import type { NodeInfo } from "./snapshot.ts";

export interface ImageState {
  size: number;
  nodes: number;
}

const NO_ROOM = new ResourceSum();
const NO_IMAGES: ReadonlyMap<string, ImageState> = new Map();

export class MutableNodeInfo implements NodeInfo {
  readonly name: string;
  /** Undefined while only pods speak of it; never so in a snapshot. */
  object: Node | undefined;
  readonly pods: PodInfo[] = [];
  allocatable = NO_ROOM;
  readonly requested = new ResourceSum();
  readonly nonZeroRequested = { milliCpu: 0, memory: 0 };
  readonly usedPorts = new Map<string, Map<string, number>>();
  images: ReadonlyMap<string, ImageState> = NO_IMAGES;
  readonly slot: number;
  readonly #stamps: NodeStamps | undefined;

  /** With stamps it has a slot there, and tells of each change; a copy tells of none. */
  constructor(name: string, stamps: NodeStamps | number) {
    this.name = name;
    this.#stamps = typeof stamps === "number" ? undefined : stamps;
    this.slot = typeof stamps === "number" ? stamps : stamps.take();
  }

  get node(): Node {
    return this.object as Node;
  }

  setNode(node: Node | undefined, images: ReadonlyMap<string, ImageState> = NO_IMAGES): void {
    this.object = node;
    this.images = images;
    this.allocatable = node ? resourcesOfList(node.status.allocatable) : NO_ROOM;
    this.#stamps?.touch(this.slot);
  }

  add(pod: PodInfo): void {
    this.pods.push(pod);
    this.#count(pod, 1);
  }

  /** Takes out the pod of this uid, in whatever revision it stands here. */
  remove(pod: PodInfo): boolean {
    const { uid } = pod.pod.metadata;
    const at = this.pods.findIndex((other) => other.pod.metadata.uid === uid);
    if (at < 0) return false;
    const [gone] = this.pods.splice(at, 1) as [PodInfo];
    this.#count(gone, -1);
    return true;
  }

  /** Another revision of a pod that asks for the same. When it started decides who goes first where some have to. */
  replace(old: PodInfo, now: PodInfo): void {
    const at = this.pods.indexOf(old);
    if (at >= 0) this.pods[at] = now;
    if (old.pod.status.startTime !== now.pod.status.startTime || old.priority !== now.priority)
      this.#stamps?.touch(this.slot);
  }

  /** A copy for a trial with other pods. */
  clone(): MutableNodeInfo {
    const copy = new MutableNodeInfo(this.name, this.slot);
    copy.object = this.object;
    copy.images = this.images;
    copy.allocatable = this.allocatable;
    copy.pods.push(...this.pods);
    copy.requested.add(this.requested);
    Object.assign(copy.nonZeroRequested, this.nonZeroRequested);
    for (const [port, ips] of this.usedPorts) copy.usedPorts.set(port, new Map(ips));
    return copy;
  }

  #count({ requests, nonZeroRequests, ports }: PodInfo, sign: 1 | -1): void {
    this.requested.add(requests, sign);
    this.nonZeroRequested.milliCpu += sign * nonZeroRequests.milliCpu;
    this.nonZeroRequested.memory += sign * nonZeroRequests.memory;
    for (const port of ports) this.#countPort(port, sign);
    this.#stamps?.touch(this.slot);
  }

  #countPort({ protocol, port, ip }: HostPort, sign: 1 | -1): void {
    const key = portKey(protocol, port);
    const ips = this.usedPorts.get(key) ?? new Map<string, number>();
    const count = (ips.get(ip) ?? 0) + sign;
    if (count > 0) ips.set(ip, count);
    else ips.delete(ip);
    if (ips.size) this.usedPorts.set(key, ips);
    else this.usedPorts.delete(key);
  }
}

export const portKey = (protocol: string, port: number): string => `${protocol}/${port}`;
