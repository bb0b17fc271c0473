/** Ingress */
import { define, keepAllBut } from "../define.ts";
import { ingresses } from "../generated/refs.ts";

export const ingressResource = define(ingresses, {
  shortNames: ["ing"],
  storagePrefix: "/registry/ingress",
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
