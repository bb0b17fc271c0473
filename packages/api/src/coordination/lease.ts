/** Lease */
import { define } from "../define.ts";
import { leases } from "../generated/refs.ts";

export const leaseResource = define(leases, {});
