/** CustomResourceDefinition */
import { define, keepAllBut } from "../define.ts";
import { customresourcedefinitions } from "../generated/refs.ts";

export const customResourceDefinitionResource = define(customresourcedefinitions, {
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  storagePrefix: "/registry/apiextensions.k8s.io/customresourcedefinitions",
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
