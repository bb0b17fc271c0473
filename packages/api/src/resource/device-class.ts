/** DeviceClass */
import { define } from "../define.ts";
import { deviceclasses } from "../generated/refs.ts";

export const deviceClassResource = define(deviceclasses, {});
