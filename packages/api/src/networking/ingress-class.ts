/** IngressClass */
import { define } from "../define.ts";
import { ingressclasses } from "../generated/refs.ts";

export const ingressClassResource = define(ingressclasses, {});
