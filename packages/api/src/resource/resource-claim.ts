/** ResourceClaim */
import { define, keepAllBut } from "../define.ts";
import { resourceclaims } from "../generated/refs.ts";

export const resourceClaimResource = define(resourceclaims, {
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
