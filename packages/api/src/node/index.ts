/** The resources of node.k8s.io. */
import { runtimeClassResource } from "./runtime-class.ts";

export const nodeResources = [runtimeClassResource];
