/** The flags of `kubets scheduler`: those of kube-scheduler, by its names. */
import { componentFlags } from "@kubets/client/component/component-flags";
import { defineFlags, duration, type FlagValues, file } from "@kubets/machinery/flags";

export const schedulerFlags = defineFlags({
  config: file({ help: "The KubeSchedulerConfiguration file.", group: "Scheduling" }),
  ...componentFlags(10_259, "kube-scheduler"),
  "pod-max-in-unschedulable-pods-duration": duration({
    help: "After so long a pod that fits nowhere is tried again without a cause.",
    default: 300_000,
    deprecated: "it will be removed without replacement",
    group: "Deprecated",
  }),
});

export type SchedulerFlags = FlagValues<typeof schedulerFlags>;
