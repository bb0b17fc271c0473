/** ClusterRoleBindings: give to the listed subjects what a ClusterRole allows, everywhere. */
import { pathSegmentName } from "@kubets/machinery";
import { define } from "../define.ts";
import { clusterrolebindings } from "../generated/refs.ts";
import { bindingDefaults, bindingErrors, bindingTable, roleRefErrors } from "./binding.ts";

export const clusterRoleBindingResource = define(clusterrolebindings, {
  validateName: pathSegmentName,
  createOnUpdate: true,
  defaults: bindingDefaults,
  validate: (binding) => bindingErrors(binding, false),
  validateUpdate: (binding, old) => [...bindingErrors(binding, false), ...roleRefErrors(binding, old)],
  table: bindingTable,
});
