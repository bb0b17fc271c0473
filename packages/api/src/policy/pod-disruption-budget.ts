/** PodDisruptionBudget */
import { define, keepAllBut } from "../define.ts";
import { poddisruptionbudgets } from "../generated/refs.ts";

export const podDisruptionBudgetResource = define(poddisruptionbudgets, {
  shortNames: ["pdb"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
