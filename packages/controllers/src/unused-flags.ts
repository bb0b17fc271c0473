/** Flags of kube-controller-manager that change nothing here, beside those that no component needs. */
import { unused, unusedComponentFlags, unusedSwitches } from "@kubets/client/component/unused-flags";

const AT_ONCE = "changes are acted on as they come";
const CLOUD = "controllers for a cloud are a program of their own";
const DRIVERS = "volumes are made and emptied by drivers";
const ONE = "there is no other program to hand controllers over to";

export const unusedFlags = {
  ...unusedComponentFlags,
  ...unusedSwitches({
    "configure-cloud-routes": CLOUD,
    "disable-attach-detach-reconcile-sync": AT_ONCE,
    "enable-hostpath-provisioner": DRIVERS,
    "enable-leader-migration": ONE,
  }),
  ...unused({
    "attach-detach-reconcile-sync-period": AT_ONCE,
    "cidr-allocator-type": CLOUD,
    "cloud-config": CLOUD,
    "cloud-provider": CLOUD,
    "cluster-name": CLOUD,
    "concurrent-service-syncs": CLOUD,
    "controller-shutdown-timeout": "what is in work is brought to its end",
    "controller-start-interval": "all start at once",
    "external-cloud-volume-plugin": CLOUD,
    "flex-volume-plugin-dir": DRIVERS,
    "leader-migration-config": ONE,
    "min-resync-period": AT_ONCE,
    "namespace-sync-period": AT_ONCE,
    "pv-recycler-increment-timeout-nfs": DRIVERS,
    "pv-recycler-minimum-timeout-hostpath": DRIVERS,
    "pv-recycler-minimum-timeout-nfs": DRIVERS,
    "pv-recycler-pod-template-filepath-hostpath": DRIVERS,
    "pv-recycler-pod-template-filepath-nfs": DRIVERS,
    "pv-recycler-timeout-increment-hostpath": DRIVERS,
    "route-reconciliation-period": CLOUD,
  }),
};
