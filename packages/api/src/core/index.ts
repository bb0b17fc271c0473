/** The resources of the core group, in the order of discovery. */
import { configMapResource } from "./configmap.ts";
import { podResource } from "./pod/index.ts";

export const coreResources = [configMapResource, podResource];
