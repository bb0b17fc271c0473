/** A pod with scheduling gates stays out of the queue until the last of them is taken off. */
import type { Plugin } from "../../framework/plugin.ts";

export const schedulingGates: Plugin = {
  name: "SchedulingGates",
  hints: [{ events: ["pod/self"] }],
  preEnqueue({ spec }) {
    if (!spec.schedulingGates?.length) return undefined;
    const gates = spec.schedulingGates.map(({ name }) => name).join(" ");
    return { reasons: [`waiting for scheduling gates: [${gates}]`] };
  },
};
