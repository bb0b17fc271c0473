/** The resources of discovery.k8s.io. */
import { endpointSliceResource } from "./endpoint-slice.ts";

export const discoveryResources = [endpointSliceResource];
