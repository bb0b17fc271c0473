/** Leads to the class of a volume or of a claim. */
import { type ComponentChild, h } from "preact";
import { ObjectLink } from "./object-link.ts";

export const StorageClassLink = ({ name }: { readonly name: string }): ComponentChild =>
  h(ObjectLink, { to: { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name } });
