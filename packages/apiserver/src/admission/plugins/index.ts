/** The one list of admission plugins, in the order in which they run. */
import { ConfigError } from "@kubets/machinery/config-file";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { PluginConfiguration, PluginConfigurations } from "../configuration.ts";
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
import { eventRateLimit } from "./event-rate-limit.ts";
import { extendedResourceToleration } from "./extended-resource-toleration.ts";
import { imagePolicyWebhook } from "./image-policy-webhook.ts";
import { jobValidation } from "./job-validation.ts";
import { limitPodHardAntiAffinityTopology } from "./limit-pod-hard-anti-affinity-topology.ts";
import { limitRanger } from "./limit-ranger/index.ts";
import { namespaceAutoProvision, namespaceExists } from "./namespace-existence.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeDeclaredFeatureValidator } from "./node-declared-feature-validator.ts";
import { nodeRestriction } from "./node-restriction/index.ts";
import { ownerReferencesPermissionEnforcement } from "./owner-references-permission-enforcement.ts";
import { persistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts";
import { podGroupProtection } from "./pod-group-protection.ts";
import { podGroupWorkloadExists } from "./pod-group-workload-exists.ts";
import { podNodeSelector } from "./pod-node-selector.ts";
import { podResizeValidator } from "./pod-resize-validator.ts";
import { podSecurity } from "./pod-security/index.ts";
import { podTolerationRestriction } from "./pod-toleration-restriction.ts";
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

type Entry = readonly [
  plugin: (configuration: PluginConfiguration | undefined) => AdmissionPlugin,
  use: "always" | "asked",
];

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
  [imagePolicyWebhook, "asked"],
  [podSecurity, "always"],
  [podNodeSelector, "asked"],
  entry(priority, "always"),
  entry(defaultTolerationSeconds(), "always"),
  [podTolerationRestriction, "asked"],
  [eventRateLimit, "asked"],
  entry(extendedResourceToleration, "asked"),
  entry(defaultStorageClass, "always"),
  entry(storageObjectInUseProtection, "always"),
  entry(podGroupProtection, "always"),
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
  entry(podGroupWorkloadExists, "always"),
  entry(nodeDeclaredFeatureValidator, "always"),
  entry(jobValidation, "always"),
  entry(podResizeValidator, "always"),
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
  configurations,
  own = [],
}: {
  enable: readonly string[];
  disable: readonly string[];
  configurations?: PluginConfigurations;
  /** The user's own; they run before quota. */
  own?: readonly AdmissionPlugin[];
}): AdmissionPlugin[] {
  const all = ALL.map(([make, use]) => ({ plugin: configuredPlugin(make, configurations), use }));
  const names = all.map(({ plugin }) => plugin.name);
  for (const name of [...enable, ...disable])
    if (!names.includes(name))
      throw new ExitError(
        exitCode.usage,
        `there is no admission plugin ${JSON.stringify(name)}; there are ${names.join(", ")}`,
      );
  for (const name of configurations?.keys() ?? [])
    if (!names.includes(name))
      throw new ConfigError(
        `there is no admission plugin ${JSON.stringify(name)} to configure; there are ${names.join(", ")}`,
      );
  const used = all
    .filter(({ plugin, use }) => (use === "always" || enable.includes(plugin.name)) && !disable.includes(plugin.name))
    .map(({ plugin }) => plugin);
  const quota = used.findIndex(({ name }) => name === "ResourceQuota");
  return used.toSpliced(quota < 0 ? used.length : quota, 0, ...own);
}

/** Made to learn its name, and made again if that is configured. */
function configuredPlugin(make: Entry[0], configurations: PluginConfigurations | undefined): AdmissionPlugin {
  const plugin = make(undefined);
  const configuration = configurations?.get(plugin.name);
  return configuration ? make(configuration) : plugin;
}
