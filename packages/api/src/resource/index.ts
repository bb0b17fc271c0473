/** The resources of resource.k8s.io. */
import { deviceClassResource } from "./device-class.ts";
import { deviceTaintRuleResource, deviceTaintRuleV1Alpha3Resource } from "./device-taint-rule.ts";
import { earlierResourceVersions } from "./earlier-versions.ts";
import { resourceClaimResource } from "./resource-claim.ts";
import { resourceClaimTemplateResource } from "./resource-claim-template.ts";
import { resourcePoolStatusRequestResource } from "./resource-pool-status-request.ts";
import { resourceSliceResource } from "./resource-slice.ts";

export const resourceResources = [
  deviceClassResource,
  resourceClaimResource,
  resourceClaimTemplateResource,
  resourceSliceResource,
];

/** Of versions that are served when they are asked for. */
export const resourceOnRequest = [
  ...earlierResourceVersions,
  deviceTaintRuleResource,
  deviceTaintRuleV1Alpha3Resource,
  resourcePoolStatusRequestResource,
];
