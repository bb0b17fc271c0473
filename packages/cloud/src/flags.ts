/** The flags of `kubets cloud-controller-manager`, by the names of the original's. */
import { componentFlags } from "@kubets/client/component/component-flags";
import { unused, unusedComponentFlags, unusedSwitches } from "@kubets/client/component/unused-flags";
import { bool, defineFlags, duration, type FlagValues, file, int, list, text } from "@kubets/machinery/flags";

const CLOUD = "Cloud";

const cloudFlags = defineFlags({
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
  "feature-gates": list({
    placeholder: "GATE=true|false",
    help: "Features to switch on or off: NativeHistograms; the rest of them is left.",
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
  "concurrent-node-syncs": int({ default: 1, min: 1, help: "Nodes that are worked on at once.", group: CLOUD }),
  "concurrent-service-syncs": int({ default: 1, min: 1, help: "Services that are worked on at once.", group: CLOUD }),
  ...componentFlags(10_258, "cloud-controller-manager"),
});

const NOTHING = "nothing here depends on it";

/** Flags of the original that change nothing here. */
const more = {
  ...unusedComponentFlags,
  ...unusedSwitches({
    "allow-untagged-cloud": NOTHING,
    "enable-leader-migration": NOTHING,
    "use-service-account-credentials": NOTHING,
  }),
  ...unused({
    "cidr-allocator-type": NOTHING,
    "cluster-name": NOTHING,
    "controller-start-interval": NOTHING,
    "external-cloud-volume-plugin": NOTHING,
    "leader-migration-config": NOTHING,
    "min-resync-period": NOTHING,
    "webhook-bind-address": NOTHING,
    "webhook-secure-port": NOTHING,
    webhooks: NOTHING,
  }),
};

export const commandFlags = defineFlags({ ...cloudFlags, ...more } as typeof cloudFlags);

export type CloudFlags = FlagValues<typeof cloudFlags>;
