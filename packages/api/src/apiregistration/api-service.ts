/** APIService */
import { pathSegmentName } from "@kubets/machinery";
import { define, keepAllBut } from "../define.ts";
import { apiservices } from "../generated/refs.ts";

export const apiServiceResource = define(apiservices, {
  categories: ["api-extensions"],
  validateName: pathSegmentName,
  storagePrefix: "/registry/apiregistration.k8s.io/apiservices",
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
