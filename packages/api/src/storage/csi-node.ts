/** CSINode */
import { define } from "../define.ts";
import { csinodes } from "../generated/refs.ts";

export const csiNodeResource = define(csinodes, {});
