/** Deployments: pods that are kept and rolled forward through ReplicaSets. */
import { define, keepAllBut } from "../define.ts";
import { deployments } from "../generated/refs.ts";
import { scaleOf } from "./scale.ts";

export const deploymentResource = define(deployments, {
  shortNames: ["deploy"],
  categories: ["all"],
  subresources: {
    status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") },
    scale: scaleOf(),
  },
});
