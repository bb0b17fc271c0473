/** The one list of admission plugins, in the order in which they run. */
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { AdmissionPlugin } from "../plugin.ts";
import { alwaysAdmit, alwaysDeny } from "./always.ts";
import { alwaysPullImages } from "./always-pull-images.ts";
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from "./certificate-signers.ts";
import { defaultIngressClass } from "./default-ingress-class.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { denyServiceExternalIps } from "./deny-service-external-ips.ts";
import { extendedResourceToleration } from "./extended-resource-toleration.ts";
import { limitPodHardAntiAffinityTopology } from "./limit-pod-hard-anti-affinity-topology.ts";
import { limitRanger } from "./limit-ranger/index.ts";
import { namespaceAutoProvision, namespaceExists } from "./namespace-existence.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction/index.ts";
import { ownerReferencesPermissionEnforcement } from "./owner-references-permission-enforcement.ts";
import { persistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts";
import { podNodeSelector } from "./pod-node-selector.ts";
import { podSecurity } from "./pod-security/index.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { mutatingAdmissionPolicy } from "./policies/mutating.ts";
import { validatingAdmissionPolicy } from "./policies/validating.ts";
import { priority } from "./priority.ts";
import { resourceQuota } from "./resource-quota/index.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account/index.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";
import { mutatingAdmissionWebhook } from "./webhooks/mutating.ts";
import { validatingAdmissionWebhook } from "./webhooks/validating.ts";

type Entry = readonly [plugin: () => AdmissionPlugin, use: "always" | "asked"];

const entry = (plugin: AdmissionPlugin, use: Entry[1]): Entry => [() => plugin, use];

const ALL: readonly Entry[] = [
  entry(alwaysAdmit, "asked"),
  entry(namespaceAutoProvision, "asked"),
  entry(namespaceLifecycle, "always"),
  entry(namespaceExists, "asked"),
  entry(limitPodHardAntiAffinityTopology, "asked"),
  entry(limitRanger, "always"),
  entry(serviceAccount, "always"),
  entry(nodeRestriction, "asked"),
  entry(taintNodesByCondition, "always"),
  entry(alwaysPullImages, "asked"),
  entry(podSecurity, "always"),
  entry(podNodeSelector, "asked"),
  entry(priority, "always"),
  entry(defaultTolerationSeconds(), "always"),
  entry(extendedResourceToleration, "asked"),
  entry(defaultStorageClass, "always"),
  entry(storageObjectInUseProtection, "always"),
  entry(ownerReferencesPermissionEnforcement, "asked"),
  entry(persistentVolumeClaimResize, "always"),
  entry(runtimeClass, "always"),
  entry(certificateApproval, "always"),
  entry(certificateSigning, "always"),
  entry(clusterTrustBundleAttest, "always"),
  entry(certificateSubjectRestriction, "always"),
  entry(defaultIngressClass, "always"),
  entry(denyServiceExternalIps, "asked"),
  entry(podTopologyLabels, "always"),
  [mutatingAdmissionPolicy, "always"],
  [mutatingAdmissionWebhook, "always"],
  [validatingAdmissionPolicy, "always"],
  [validatingAdmissionWebhook, "always"],
  // Quota goes last: what it takes is not given back when a later plugin refuses.
  [resourceQuota, "always"],
  entry(alwaysDeny, "asked"),
];

/** The plugins to run: those that are on by default, and what the flags say. */
export function admissionPlugins({
  enable,
  disable,
}: {
  enable: readonly string[];
  disable: readonly string[];
}): AdmissionPlugin[] {
  const all = ALL.map(([make, use]) => ({ plugin: make(), use }));
  const names = all.map(({ plugin }) => plugin.name);
  for (const name of [...enable, ...disable])
    if (!names.includes(name))
      throw new ExitError(
        exitCode.usage,
        `there is no admission plugin ${JSON.stringify(name)}; there are ${names.join(", ")}`,
      );
  return all
    .filter(({ plugin, use }) => (use === "always" || enable.includes(plugin.name)) && !disable.includes(plugin.name))
    .map(({ plugin }) => plugin);
}
