/**
 * The seam to a cloud: what a provider says of machines, load balancers and routes. Each part may be absent; its controllers then do not run.
 * A provider of one's own is a TypeScript file whose default export is a CloudProvider, or a function that makes one from the text of
 * the cloud's configuration (--cloud-config).
 * Holds: every method may be called again with the same arguments and then changes nothing; a throw is tried again with backoff.
 */
import type { LoadBalancerStatus, Node, NodeAddress, Service } from "@kubets/api/generated/types/core-v1";

export interface CloudProvider {
  /** As --cloud-provider names it. */
  readonly name: string;
  readonly instances?: Instances;
  readonly loadBalancers?: LoadBalancers;
  readonly routes?: Routes;
}

export interface Instances {
  /** Undefined: there is no machine for this node. */
  find(node: Node): Promise<Instance | undefined>;
}

export interface Instance {
  /** "name://id"; becomes the node's spec.providerID. */
  readonly providerID?: string;
  readonly instanceType?: string;
  readonly zone?: string;
  readonly region?: string;
  /** Absent: those that the node has stay. */
  readonly addresses?: readonly NodeAddress[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly isShutDown?: boolean;
}

export interface LoadBalancers {
  /** Makes it, or brings it in step with the service and these nodes. */
  ensure(service: Service, nodes: readonly Node[]): Promise<LoadBalancerStatus>;
  remove(service: Service): Promise<void>;
}

export interface Route {
  readonly node: string;
  readonly cidr: string;
}

export interface Routes {
  list(): Promise<readonly Route[]>;
  create(route: Route): Promise<void>;
  remove(route: Route): Promise<void>;
}

export type ProviderFactory = (config: string) => CloudProvider | Promise<CloudProvider>;
