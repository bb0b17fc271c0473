/** Role */
import { define } from "../define.ts";
import { roles } from "../generated/refs.ts";

export const roleResource = define(roles, {});
