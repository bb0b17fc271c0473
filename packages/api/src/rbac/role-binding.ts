/** RoleBinding */
import { define } from "../define.ts";
import { rolebindings } from "../generated/refs.ts";

export const roleBindingResource = define(rolebindings, {});
