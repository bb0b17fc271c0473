/** The resources of networking.k8s.io. */
import { ipaddressesV1BETA1, servicecidrsV1BETA1 } from "../generated/refs.ts";
import { otherVersion } from "../other-version.ts";
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

const beta = { stability: "beta", deprecated: ["1.34", "1.37"] } as const;

/** Of versions that are served when they are asked for. */
export const networkingOnRequest = [
  otherVersion(ipAddressResource, ipaddressesV1BETA1, beta),
  otherVersion(serviceCidrResource, servicecidrsV1BETA1, beta),
];
