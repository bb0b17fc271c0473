/** The resources of flowcontrol.apiserver.k8s.io. */
import { flowSchemaResource } from "./flow-schema.ts";
import { priorityLevelConfigurationResource } from "./priority-level-configuration.ts";

export const flowcontrolResources = [flowSchemaResource, priorityLevelConfigurationResource];
