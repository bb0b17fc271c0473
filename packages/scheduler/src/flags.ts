/** The flags of `kubets scheduler`: those of kube-scheduler, by its names. */
import { componentFlags } from "@kubets/client/component/component-flags";
import { unusedComponentFlags } from "@kubets/client/component/unused-flags";
import { defineFlags, duration, type FlagValues, file, list } from "@kubets/machinery/flags";

export const schedulerFlags = defineFlags({
  config: file({ help: "The KubeSchedulerConfiguration file.", group: "Scheduling" }),
  "write-config-to": file({
    help: "Write the configuration, with its defaults, to this file, and end.",
    group: "Scheduling",
  }),
  ...componentFlags(10_259, "kube-scheduler"),
  "feature-gates": list({
    placeholder: "GATE=true|false",
    help: "Features to switch on or off, by the names of v1.36; one that another component reads is taken and changes nothing.",
    group: "Scheduling",
  }),
  "pod-max-in-unschedulable-pods-duration": duration({
    help: "After so long a pod that fits nowhere is tried again without a cause.",
    default: 300_000,
    deprecated: "it will be removed without replacement",
    group: "Deprecated",
  }),
  ...unusedComponentFlags,
});

export type SchedulerFlags = FlagValues<typeof schedulerFlags>;
