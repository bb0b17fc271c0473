/** The resources of networking.k8s.io. */

import { ingressResource } from "./ingress.ts";
import { ingressClassResource } from "./ingress-class.ts";
import { ipAddressResource } from "./ip-address.ts";
import { networkPolicyResource } from "./network-policy.ts";
import { serviceCidrResource } from "./service-cidr.ts";

export const networkingResources = [
  ingressClassResource,
  ingressResource,
  ipAddressResource,
  networkPolicyResource,
  serviceCidrResource,
];
