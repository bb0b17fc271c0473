/** The embeddable API: what a program imports from "kubets". */
export * as resources from "@kubets/api/generated/refs";
export type { KubeObject } from "@kubets/api/meta";
export { customResource, type ResourceRef } from "@kubets/api/resource-ref";
export { createApiServer } from "@kubets/apiserver/api-server";
export {
  type Client,
  type Controller,
  type ControllerContext,
  controllerReference,
  on,
  onOwned,
  onRelated,
  reads,
  TerminalError,
} from "@kubets/client";
export type { CloudProvider, ProviderFactory } from "@kubets/cloud/provider";
export { runController } from "./run-controller.ts";
