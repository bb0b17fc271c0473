/** The resources of scheduling.k8s.io. */
import { podGroupResource } from "./pod-group.ts";
import { priorityClassResource } from "./priority-class.ts";
import { workloadResource } from "./workload.ts";

export const schedulingResources = [priorityClassResource];
/** Of v1alpha2, served when asked for. */
export const schedulingOnRequest = [podGroupResource, workloadResource];
