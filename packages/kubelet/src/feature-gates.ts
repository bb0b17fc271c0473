/** What the original's kubelet does by gates, and this one does not: who opens one of them is told. */
export const NOT_THERE: readonly string[] = [
  "KubeletInUserNamespace",
  "LocalStorageCapacityIsolationFSQuotaMonitoring",
  "SELinuxMount",
];
