/** The resources of resource.k8s.io. */
import { deviceClassResource } from "./device-class.ts";
import { resourceClaimResource } from "./resource-claim.ts";
import { resourceClaimTemplateResource } from "./resource-claim-template.ts";
import { resourceSliceResource } from "./resource-slice.ts";

export const resourceResources = [
  deviceClassResource,
  resourceClaimResource,
  resourceClaimTemplateResource,
  resourceSliceResource,
];
