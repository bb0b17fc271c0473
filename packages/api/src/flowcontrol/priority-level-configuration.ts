/** PriorityLevelConfiguration */
import { define, keepAllBut } from "../define.ts";
import { prioritylevelconfigurations } from "../generated/refs.ts";

export const priorityLevelConfigurationResource = define(prioritylevelconfigurations, {
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
