/** ServiceCIDR */
import { define, keepAllBut } from "../define.ts";
import { servicecidrs } from "../generated/refs.ts";

export const serviceCidrResource = define(servicecidrs, {
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
