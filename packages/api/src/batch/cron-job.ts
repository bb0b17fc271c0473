/** CronJobs: Jobs made by a schedule. */
import { define, keepAllBut } from "../define.ts";
import { cronjobs } from "../generated/refs.ts";

export const cronJobResource = define(cronjobs, {
  shortNames: ["cj"],
  categories: ["all"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
