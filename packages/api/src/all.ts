/** The one list of all built-in resources, in the order of discovery within each group and version. */
import { admissionregistrationOnRequest, admissionregistrationResources } from "./admissionregistration/index.ts";
import { apiextensionsResources } from "./apiextensions/index.ts";
import { apiregistrationResources } from "./apiregistration/index.ts";
import { apiserverinternalOnRequest } from "./apiserverinternal/index.ts";
import { appsResources } from "./apps/index.ts";
import { authenticationResources } from "./authentication/index.ts";
import { authorizationResources } from "./authorization/index.ts";
import { autoscalingResources } from "./autoscaling/index.ts";
import { batchResources } from "./batch/index.ts";
import { certificatesOnRequest, certificatesResources } from "./certificates/index.ts";
import { coordinationOnRequest, coordinationResources } from "./coordination/index.ts";
import { coreResources } from "./core/index.ts";
import { discoveryResources } from "./discovery/index.ts";
import { eventsResources } from "./events/index.ts";
import { flowcontrolResources } from "./flowcontrol/index.ts";
import { networkingOnRequest, networkingResources } from "./networking/index.ts";
import { nodeResources } from "./node/index.ts";
import { policyResources } from "./policy/index.ts";
import { rbacResources } from "./rbac/index.ts";
import { resourceOnRequest, resourceResources } from "./resource/index.ts";
import type { ResourceDefinition } from "./resource.ts";
import type { ResourceRef } from "./resource-ref.ts";
import { schedulingOnRequest, schedulingResources } from "./scheduling/index.ts";
import { storageOnRequest, storageResources } from "./storage/index.ts";
import { storagemigrationResources } from "./storagemigration/index.ts";

export const builtInResources: readonly ResourceDefinition[] = [
  ...coreResources,
  ...apiregistrationResources,
  ...appsResources,
  ...eventsResources,
  ...authenticationResources,
  ...authorizationResources,
  ...autoscalingResources,
  ...batchResources,
  ...certificatesResources,
  ...networkingResources,
  ...policyResources,
  ...rbacResources,
  ...storageResources,
  ...admissionregistrationResources,
  ...apiextensionsResources,
  ...schedulingResources,
  ...coordinationResources,
  ...nodeResources,
  ...discoveryResources,
  ...resourceResources,
  ...flowcontrolResources,
].map(erase);

/** Of alpha and beta versions: served when --runtime-config asks for them. */
export const resourcesOnRequest: readonly ResourceDefinition[] = [
  ...storagemigrationResources,
  ...certificatesOnRequest,
  ...networkingOnRequest,
  ...storageOnRequest,
  ...admissionregistrationOnRequest,
  ...schedulingOnRequest,
  ...coordinationOnRequest,
  ...resourceOnRequest,
  ...apiserverinternalOnRequest,
].map(erase);

/** A definition of one kind as one of any kind: the road hands each only its own objects. */
function erase(definition: ResourceRef): ResourceDefinition {
  return definition as ResourceDefinition;
}
