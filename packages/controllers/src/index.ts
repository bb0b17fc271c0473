/**
 * The one list of all controllers: their names as --controllers takes them (long and short), the service account in kube-system whose rights
 * each needs, and whether it runs by default.
 */
import type { Controller } from "@kubets/client";
import { isOpen } from "@kubets/machinery/given-gates";
import { attachDetach } from "./attach-detach/controller.ts";
import { bootstrapSigner } from "./bootstrapsigner/controller.ts";
import { clusterRoleAggregation } from "./clusterrole-aggregation/controller.ts";
import { cronJobController } from "./cronjob/controller.ts";
import { csrApproving } from "./csrapproving/controller.ts";
import { csrCleaner } from "./csrcleaner/controller.ts";
import { csrSigning } from "./csrsigning/controller.ts";
import { daemonSets } from "./daemonset/controller.ts";
import { deploymentController } from "./deployment/controller.ts";
import { deviceTaintEviction } from "./device-taint-eviction/controller.ts";
import { disruptionController } from "./disruption/controller.ts";
import { endpointsController } from "./endpoints/controller.ts";
import { endpointSlices } from "./endpointslice/controller.ts";
import { endpointSliceMirroring } from "./endpointslice-mirroring/controller.ts";
import { ephemeralVolumes } from "./ephemeral-volume/controller.ts";
import { garbageCollector } from "./garbagecollector/controller.ts";
import { horizontalPodAutoscalers } from "./horizontalpodautoscaler/controller.ts";
import { jobController } from "./job/controller.ts";
import { legacyTokenCleaner } from "./legacy-serviceaccount-token-cleaner/controller.ts";
import { namespaceController } from "./namespace/controller.ts";
import { nodeIpam } from "./nodeipam/controller.ts";
import { nodeLifecycle } from "./nodelifecycle/controller.ts";
import type { ControllerOptions } from "./options.ts";
import { persistentVolumeBinder } from "./persistentvolume-binder/controller.ts";
import { podCertificateRequestCleaner } from "./podcertificaterequest-cleaner/controller.ts";
import { podGarbageCollector } from "./podgc/controller.ts";
import { podGroupProtection } from "./podgroup-protection/controller.ts";
import { pvProtection } from "./pv-protection/controller.ts";
import { pvcProtection } from "./pvc-protection/controller.ts";
import { replicaSets } from "./replicaset/controller.ts";
import { replicationControllers } from "./replicationcontroller/controller.ts";
import { resourceClaims } from "./resource-claim/controller.ts";
import { resourcePoolStatusRequests } from "./resourcepoolstatusrequest/controller.ts";
import { resourceQuotas } from "./resourcequota/controller.ts";
import { rootCaPublisher } from "./root-ca-publisher/controller.ts";
import { serviceCidrs } from "./service-cidr/controller.ts";
import { serviceAccounts } from "./serviceaccount/controller.ts";
import { serviceAccountTokens } from "./serviceaccount-token/controller.ts";
import { statefulSets } from "./statefulset/controller.ts";
import { storageVersionGc } from "./storage-version-gc/controller.ts";
import { storageVersionMigrator } from "./storage-version-migrator/controller.ts";
import { taintEviction } from "./taint-eviction/controller.ts";
import { tokenCleaner } from "./tokencleaner/controller.ts";
import { nodeTtl } from "./ttl/controller.ts";
import { ttlAfterFinished } from "./ttl-after-finished/controller.ts";
import { vacProtection } from "./vac-protection/controller.ts";
import { validatingAdmissionPolicyStatus } from "./validatingadmissionpolicy-status/controller.ts";
import { volumeExpander } from "./volume-expand/controller.ts";

export interface ControllerEntry {
  /** As in --controllers. */
  readonly name: string;
  readonly alias: string;
  /** Absent where it acts as the controller manager itself. */
  readonly account: string | undefined;
  readonly onByDefault: boolean;
  /** Nothing, where what it needs was not given. */
  make(options: ControllerOptions): Controller | undefined;
}

const entry = (
  name: string,
  alias: string,
  account: string | undefined,
  make: ControllerEntry["make"],
  onByDefault = true,
): ControllerEntry => ({ name, alias, account, onByDefault, make });

export const controllers: readonly ControllerEntry[] = [
  entry("serviceaccount-controller", "serviceaccount", "service-account-controller", serviceAccounts),
  entry("root-ca-certificate-publisher-controller", "root-ca-cert-publisher", "root-ca-cert-publisher", ({ rootCa }) =>
    rootCa ? rootCaPublisher({ rootCa }) : undefined,
  ),
  entry("namespace-controller", "namespace", "namespace-controller", namespaceController),
  entry("replicaset-controller", "replicaset", "replicaset-controller", replicaSets),
  entry("replicationcontroller-controller", "replicationcontroller", "replication-controller", replicationControllers),
  entry("deployment-controller", "deployment", "deployment-controller", deploymentController),
  entry("endpoints-controller", "endpoint", "endpoint-controller", endpointsController),
  entry("endpointslice-controller", "endpointslice", "endpointslice-controller", endpointSlices),
  entry(
    "garbage-collector-controller",
    "garbagecollector",
    "generic-garbage-collector",
    ({ enableGarbageCollector }) => (enableGarbageCollector ? garbageCollector() : undefined),
  ),
  entry("node-lifecycle-controller", "nodelifecycle", "node-controller", nodeLifecycle),
  entry("taint-eviction-controller", "taint-eviction-controller", "node-controller", taintEviction),
  entry("node-ipam-controller", "nodeipam", "node-controller", (options) =>
    options.clusterCidrs.length > 0 ? nodeIpam(options) : undefined,
  ),
  entry("pod-garbage-collector-controller", "podgc", "pod-garbage-collector", podGarbageCollector),
  entry("ttl-controller", "ttl", "ttl-controller", nodeTtl),
  entry("ttl-after-finished-controller", "ttl-after-finished", "ttl-after-finished-controller", ttlAfterFinished),
  entry("job-controller", "job", "job-controller", jobController),
  entry("cronjob-controller", "cronjob", "cronjob-controller", cronJobController),
  entry("daemonset-controller", "daemonset", "daemon-set-controller", daemonSets),
  entry("statefulset-controller", "statefulset", "statefulset-controller", statefulSets),
  entry(
    "horizontal-pod-autoscaler-controller",
    "horizontalpodautoscaling",
    "horizontal-pod-autoscaler",
    horizontalPodAutoscalers,
  ),
  entry("disruption-controller", "disruption", "disruption-controller", disruptionController),
  entry(
    "clusterrole-aggregation-controller",
    "clusterrole-aggregation",
    "clusterrole-aggregation-controller",
    clusterRoleAggregation,
  ),
  entry("persistentvolume-attach-detach-controller", "attachdetach", "attachdetach-controller", attachDetach),
  entry("persistentvolume-expander-controller", "persistentvolume-expander", "expand-controller", volumeExpander),
  entry("persistentvolumeclaim-protection-controller", "pvc-protection", "pvc-protection-controller", pvcProtection),
  entry("persistentvolume-protection-controller", "pv-protection", "pv-protection-controller", pvProtection),
  entry(
    "volumeattributesclass-protection-controller",
    "volumeattributesclass-protection",
    "volumeattributesclass-protection-controller",
    vacProtection,
  ),
  entry("certificatesigningrequest-approving-controller", "csrapproving", "certificate-controller", csrApproving),
  entry("certificatesigningrequest-signing-controller", "csrsigning", "certificate-controller", (options) =>
    options.signer || Object.keys(options.signers).length > 0 ? csrSigning(options) : undefined,
  ),
  entry("certificatesigningrequest-cleaner-controller", "csrcleaner", "certificate-controller", csrCleaner),
  entry("serviceaccount-token-controller", "serviceaccount-token", undefined, ({ serviceAccountKey, rootCa }) =>
    serviceAccountKey ? serviceAccountTokens({ serviceAccountKey, rootCa }) : undefined,
  ),
  entry("bootstrap-signer-controller", "bootstrapsigner", "bootstrap-signer", bootstrapSigner, false),
  entry("token-cleaner-controller", "tokencleaner", "token-cleaner", tokenCleaner, false),
  entry("resourcequota-controller", "resourcequota", "resourcequota-controller", resourceQuotas),
  entry(
    "endpointslice-mirroring-controller",
    "endpointslicemirroring",
    "endpointslicemirroring-controller",
    endpointSliceMirroring,
  ),
  entry(
    "persistentvolume-binder-controller",
    "persistentvolume-binder",
    "persistent-volume-binder",
    persistentVolumeBinder,
  ),
  entry(
    "validatingadmissionpolicy-status-controller",
    "validatingadmissionpolicy-status-controller",
    "validatingadmissionpolicy-status-controller",
    validatingAdmissionPolicyStatus,
  ),
  entry("ephemeral-volume-controller", "ephemeral-volume", "ephemeral-volume-controller", ephemeralVolumes),
  entry("resourceclaim-controller", "resource-claim-controller", "resource-claim-controller", resourceClaims),
  entry(
    "legacy-serviceaccount-token-cleaner-controller",
    "legacy-service-account-token-cleaner",
    "legacy-service-account-token-cleaner",
    legacyTokenCleaner,
  ),
  entry(
    "storage-version-migrator-controller",
    "storage-version-migrator-controller",
    "storage-version-migrator-controller",
    ({ featureGates }) => (isOpen("StorageVersionMigrator", featureGates) ? storageVersionMigrator() : undefined),
  ),
  entry(
    "podcertificaterequest-cleaner-controller",
    "podcertificaterequest-cleaner-controller",
    "podcertificaterequestcleaner",
    ({ featureGates }) => (isOpen("PodCertificateRequest", featureGates) ? podCertificateRequestCleaner() : undefined),
  ),
  entry(
    "device-taint-eviction-controller",
    "device-taint-eviction-controller",
    "device-taint-eviction-controller",
    deviceTaintEviction,
  ),
  entry(
    "resourcepoolstatusrequest-controller",
    "resourcepoolstatusrequest-controller",
    "resourcepoolstatusrequest-controller",
    ({ featureGates }) => (isOpen("DRAResourcePoolStatus", featureGates) ? resourcePoolStatusRequests() : undefined),
  ),
  entry(
    "podgroup-protection-controller",
    "podgroup-protection-controller",
    "podgroup-protection-controller",
    ({ featureGates }) => (isOpen("GenericWorkload", featureGates) ? podGroupProtection() : undefined),
  ),
  entry(
    "storageversion-garbage-collector-controller",
    "storage-version-gc",
    "storage-version-garbage-collector",
    ({ featureGates }) =>
      isOpen("StorageVersionAPI", featureGates) && isOpen("APIServerIdentity", featureGates)
        ? storageVersionGc()
        : undefined,
  ),
  entry("service-cidr-controller", "service-cidr-controller", "service-cidrs-controller", serviceCidrs),
];

/** Known by name, and never made here: the cloud controller manager's, and those of features that are not there. */
const ELSEWHERE: readonly string[] = [
  "cloud-node-lifecycle-controller",
  "cloud-node-lifecycle",
  "node-route-controller",
  "route",
  "service-lb-controller",
  "service",
  "kube-apiserver-serving-clustertrustbundle-publisher-controller",
  "selinux-warning-controller",
];

/** Those that the patterns of --controllers choose: "*", "name", "-name"; what comes first counts. */
export function chooseControllers(patterns: readonly string[]): ControllerEntry[] {
  for (const pattern of patterns) {
    const name = pattern.replace(/^-/, "");
    if (name !== "*" && !ELSEWHERE.includes(name) && !controllers.some((each) => isNamed(each, name)))
      throw new Error(
        `"${name}" is not in the list of known controllers: ${controllers.map((each) => each.name).join(", ")}`,
      );
  }
  return controllers.filter((each) => isChosen(each, patterns));
}

const isNamed = ({ name, alias }: ControllerEntry, word: string): boolean => name === word || alias === word;

function isChosen(each: ControllerEntry, patterns: readonly string[]): boolean {
  for (const pattern of patterns) {
    if (isNamed(each, pattern)) return true;
    if (pattern.startsWith("-") && isNamed(each, pattern.slice(1))) return false;
  }
  return each.onByDefault && patterns.includes("*");
}
