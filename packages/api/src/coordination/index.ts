/** The resources of coordination.k8s.io. */
import { leaseResource } from "./lease.ts";
import { leaseCandidateResource, leaseCandidateV1Alpha2Resource } from "./lease-candidate.ts";

export const coordinationResources = [leaseResource];
/** Of versions that are served when they are asked for. */
export const coordinationOnRequest = [leaseCandidateResource, leaseCandidateV1Alpha2Resource];
