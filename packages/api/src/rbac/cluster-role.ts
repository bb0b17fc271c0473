/** ClusterRole */
import { define } from "../define.ts";
import { clusterroles } from "../generated/refs.ts";

export const clusterRoleResource = define(clusterroles, {});
