/** The resources of apps. */
import { controllerRevisionResource } from "./controller-revision.ts";
import { daemonSetResource } from "./daemon-set.ts";
import { deploymentResource } from "./deployment.ts";
import { replicaSetResource } from "./replica-set.ts";
import { statefulSetResource } from "./stateful-set.ts";

export const appsResources = [
  controllerRevisionResource,
  daemonSetResource,
  deploymentResource,
  replicaSetResource,
  statefulSetResource,
];
