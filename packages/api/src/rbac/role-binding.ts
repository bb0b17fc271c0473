/** RoleBindings: give to the listed subjects what a role allows, in one namespace. */
import { pathSegmentName } from "@kubets/machinery";
import { define } from "../define.ts";
import { rolebindings } from "../generated/refs.ts";
import { bindingDefaults, bindingErrors, bindingTable, roleRefErrors } from "./binding.ts";

export const roleBindingResource = define(rolebindings, {
  validateName: pathSegmentName,
  createOnUpdate: true,
  defaults: bindingDefaults,
  validate: (binding) => bindingErrors(binding, true),
  validateUpdate: (binding, old) => [...bindingErrors(binding, true), ...roleRefErrors(binding, old)],
  table: bindingTable,
});
