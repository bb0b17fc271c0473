/** ResourceClaimTemplate */
import { define } from "../define.ts";
import { resourceclaimtemplates } from "../generated/refs.ts";

export const resourceClaimTemplateResource = define(resourceclaimtemplates, {});
