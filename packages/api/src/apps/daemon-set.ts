/** DaemonSets: one pod on each node that fits. */
import { define, keepAllBut } from "../define.ts";
import { daemonsets } from "../generated/refs.ts";

export const daemonSetResource = define(daemonsets, {
  shortNames: ["ds"],
  categories: ["all"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
