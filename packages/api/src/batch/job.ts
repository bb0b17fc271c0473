/** Jobs: pods that run until so many have succeeded. */
import { define, keepAllBut } from "../define.ts";
import { jobs } from "../generated/refs.ts";

export const jobResource = define(jobs, {
  categories: ["all"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
