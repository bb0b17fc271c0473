/** The resources of internal.apiserver.k8s.io, of v1alpha1 alone: served when asked for. */
import { storageVersionResource } from "./storage-version.ts";

export const apiserverinternalOnRequest = [storageVersionResource];
