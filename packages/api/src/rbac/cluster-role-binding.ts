/** ClusterRoleBinding */
import { define } from "../define.ts";
import { clusterrolebindings } from "../generated/refs.ts";

export const clusterRoleBindingResource = define(clusterrolebindings, {});
