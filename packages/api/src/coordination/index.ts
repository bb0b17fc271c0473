/** The resources of coordination.k8s.io. */
import { leaseResource } from "./lease.ts";

export const coordinationResources = [leaseResource];
