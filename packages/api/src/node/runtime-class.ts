/** RuntimeClass */
import { define } from "../define.ts";
import { runtimeclasses } from "../generated/refs.ts";

export const runtimeClassResource = define(runtimeclasses, {});
