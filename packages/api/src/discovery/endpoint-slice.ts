/** EndpointSlice */
import { define } from "../define.ts";
import { endpointslices } from "../generated/refs.ts";

export const endpointSliceResource = define(endpointslices, {});
