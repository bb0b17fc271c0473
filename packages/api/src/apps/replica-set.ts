/** ReplicaSets: so many pods of one template. */
import { define, keepAllBut } from "../define.ts";
import { replicasets } from "../generated/refs.ts";
import { scaleOf } from "./scale.ts";

export const replicaSetResource = define(replicasets, {
  shortNames: ["rs"],
  categories: ["all"],
  subresources: {
    status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") },
    scale: scaleOf(),
  },
});
