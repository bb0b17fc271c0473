/** NetworkPolicy */
import { define } from "../define.ts";
import { networkpolicies } from "../generated/refs.ts";

export const networkPolicyResource = define(networkpolicies, { shortNames: ["netpol"] });
