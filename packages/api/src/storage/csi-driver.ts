/** CSIDriver */
import { define } from "../define.ts";
import { csidrivers } from "../generated/refs.ts";

export const csiDriverResource = define(csidrivers, {});
