/** The resources of the core group, in the order of discovery. */
import { bindingResource } from "./binding.ts";
import { componentStatusResource } from "./component-status.ts";
import { configMapResource } from "./configmap.ts";
import { endpointsResource } from "./endpoints.ts";
import { eventResource } from "./event.ts";
import { limitRangeResource } from "./limit-range.ts";
import { namespaceResource } from "./namespace.ts";
import { nodeResource } from "./node/index.ts";
import { persistentVolumeResource } from "./persistent-volume/index.ts";
import { persistentVolumeClaimResource } from "./persistent-volume-claim.ts";
import { podResource } from "./pod/index.ts";
import { podTemplateResource } from "./pod-template.ts";
import { replicationControllerResource } from "./replication-controller.ts";
import { resourceQuotaResource } from "./resource-quota.ts";
import { secretResource } from "./secret.ts";
import { serviceResource } from "./service/index.ts";
import { serviceAccountResource } from "./service-account.ts";

export const coreResources = [
  bindingResource,
  componentStatusResource,
  configMapResource,
  endpointsResource,
  eventResource,
  limitRangeResource,
  namespaceResource,
  nodeResource,
  persistentVolumeClaimResource,
  persistentVolumeResource,
  podResource,
  podTemplateResource,
  replicationControllerResource,
  resourceQuotaResource,
  secretResource,
  serviceAccountResource,
  serviceResource,
];
