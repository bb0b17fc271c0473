/** For trying out: everything is let through, or nothing is. */
import type { AdmissionPlugin } from "../plugin.ts";
import { refuse } from "../request.ts";

export const alwaysAdmit: AdmissionPlugin = { name: "AlwaysAdmit", handles: () => false };

export const alwaysDeny: AdmissionPlugin = {
  name: "AlwaysDeny",
  handles: () => true,
  validate(request) {
    throw refuse(request, "admission control is denying all modifications");
  },
};
