/** ResourceSlice */
import { define } from "../define.ts";
import { resourceslices } from "../generated/refs.ts";

export const resourceSliceResource = define(resourceslices, {});
