/** What the original's kubelet does by gates, and this one does not: who opens one of them is told. */
export const NOT_THERE: readonly string[] = [
  "CRIListStreaming",
  "CSIVolumeHealth",
  "InPlacePodVerticalScalingExclusiveCPUs",
  "InPlacePodVerticalScalingExclusiveMemory",
  "KubeletInUserNamespace",
  "LocalStorageCapacityIsolationFSQuotaMonitoring",
  "PodLevelResourceManagers",
  "PodsAPI",
  "RuntimeClassInImageCriApi",
  "SELinuxMount",
];
