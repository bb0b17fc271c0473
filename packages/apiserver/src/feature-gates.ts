/** The gates of v1.36: those by which this server decides something, and all others, which it takes because every component of a cluster is given the same. */
import { defineGates, type FeatureGates } from "@kubets/machinery/feature-gates";
import { kubernetesGates } from "@kubets/machinery/kubernetes-gates";

/** Asked for by whatever name a resource or a flag has of one; a name that is none throws. */
export const featureGates = (): FeatureGates<string> =>
  defineGates({
    ...kubernetesGates,
    CBORServingAndStorage: { default: false, stage: "alpha" },
    ConstrainedImpersonation: { default: true, stage: "beta" },
    ContainerStopSignals: { default: false, stage: "alpha" },
    CoordinatedLeaderElection: { default: false, stage: "beta" },
    DRADeviceTaintRules: { default: false, stage: "beta" },
    HPAScaleToZero: { default: false, stage: "alpha" },
    MaxUnavailableStatefulSet: { default: false, stage: "beta" },
    PodCertificateRequest: { default: false, stage: "beta" },
    StorageVersionMigrator: { default: false, stage: "beta" },
    TaintTolerationComparisonOperators: { default: false, stage: "alpha" },
  });
