/** The resources of apiregistration.k8s.io. */
import { apiServiceResource } from "./api-service.ts";

export const apiregistrationResources = [apiServiceResource];
