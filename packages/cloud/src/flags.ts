/** The flags of `kubets cloud-controller-manager`, by the names of the original's. */
import { componentFlags } from "@kubets/client/component/component-flags";
import { bool, defineFlags, duration, type FlagValues, file, list, text } from "@kubets/machinery/flags";

const CLOUD = "Cloud";

export const cloudFlags = defineFlags({
  "cloud-provider": text({
    default: "local",
    help: "The provider: local, which needs no cloud, or a file of one's own (./my-cloud.ts).",
    group: CLOUD,
  }),
  "cloud-config": file({ help: "The configuration that the provider is given.", group: CLOUD }),
  controllers: list({
    default: ["*"],
    help: "The controllers to run: names, -NAME, and * for all.",
    group: CLOUD,
  }),
  "allocate-node-cidrs": bool({ help: "The nodes have ranges of pod addresses.", group: CLOUD }),
  "configure-cloud-routes": bool({ default: true, help: "Make routes to these.", group: CLOUD }),
  "cluster-cidr": list({ placeholder: "CIDR", help: "The pod addresses of the cluster.", group: CLOUD }),
  "route-reconciliation-period": duration({ default: 10_000, help: "How often routes are looked at.", group: CLOUD }),
  "node-status-update-frequency": duration({
    default: 300_000,
    help: "How often the cloud is asked for the addresses of nodes.",
    group: CLOUD,
  }),
  "node-monitor-period": duration({
    default: 5000,
    help: "How often the cloud is asked about nodes that are not ready.",
    group: CLOUD,
  }),
  ...componentFlags(10_258, "cloud-controller-manager"),
});

export type CloudFlags = FlagValues<typeof cloudFlags>;
