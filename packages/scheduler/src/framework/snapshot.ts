/**
 * The cluster as one cycle sees it. Between two cycles only the nodes that changed are made anew; plugins that keep indexes across nodes
 * (affinity, spreading) read them here.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";

export interface Snapshot {
  /** In an order that interleaves zones. */
  readonly nodes: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** Nodes on which a pod with (required anti-) affinity terms runs. */
  readonly withAffinity: readonly NodeInfo[];
  readonly withRequiredAntiAffinity: readonly NodeInfo[];
}

/** A node with what runs on it. Amounts: CPU in millicores, memory and storage in bytes, others in units. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly pods: readonly Pod[];
  readonly allocatable: Resources;
  readonly requested: Resources;
  /** As `requested`, with a small amount for containers that ask for nothing: what scores count. */
  readonly nonZeroRequested: { readonly milliCpu: number; readonly memory: number };
  /** "protocol/ip/port" of host ports in use. */
  readonly usedPorts: ReadonlySet<string>;
  /** Sizes of the images that the node holds, by each of their names. */
  readonly images: ReadonlyMap<string, { readonly size: number; readonly nodes: number }>;
  /** Grows with each change of the node or its pods. */
  readonly generation: number;
}

export interface Resources {
  readonly milliCpu: number;
  readonly memory: number;
  readonly ephemeralStorage: number;
  readonly pods: number;
  readonly scalar: ReadonlyMap<string, number>;
}
