/** What a service of a type must be given, and may have: virtual addresses, node ports, a port that tells the balancer of its health. */
import type { Service } from "../../generated/types/core-v1.ts";

type Spec = Pick<Service, "spec">;

export const HEADLESS = "None";

export const isHeadless = ({ spec }: Spec): boolean => spec.clusterIP === HEADLESS || spec.clusterIPs?.[0] === HEADLESS;

export const needsClusterIP = ({ spec }: Spec): boolean =>
  spec.type === "ClusterIP" || spec.type === "NodePort" || spec.type === "LoadBalancer";

export const needsNodePorts = ({ spec }: Spec): boolean =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);

export const needsHealthCheckPort = ({ spec }: Spec): boolean =>
  spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

export const isExternallyReachable = ({ spec }: Spec): boolean =>
  spec.type === "LoadBalancer" ||
  spec.type === "NodePort" ||
  (spec.type === "ClusterIP" && Boolean(spec.externalIPs?.length));
