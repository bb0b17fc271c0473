/** The resources of apiextensions.k8s.io. */
import { customResourceDefinitionResource } from "./custom-resource-definition.ts";

export const apiextensionsResources = [customResourceDefinitionResource];
