/** The resources of scheduling.k8s.io. */
import { priorityClassResource } from "./priority-class.ts";

export const schedulingResources = [priorityClassResource];
