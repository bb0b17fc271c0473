/** StatefulSets: pods with ordinals, stable names and volumes of their own. */
import { define, keepAllBut } from "../define.ts";
import { statefulsets } from "../generated/refs.ts";
import { scaleOf } from "./scale.ts";

export const statefulSetResource = define(statefulsets, {
  shortNames: ["sts"],
  categories: ["all"],
  subresources: {
    status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") },
    scale: scaleOf(),
  },
});
