/** The gates of v1.36 by which this server decides something. Those of features that it always has, or does not have, are not here. */
import { defineGates } from "@kubets/machinery/feature-gates";

export const featureGates = () =>
  defineGates({
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
