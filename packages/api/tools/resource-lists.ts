/** All resources that are served, at once or on request. */
import { type ResourceList, read } from "./published-facts.ts";

/** Served when --runtime-config asks for them: the discovery of a server that nobody told anything does not know them. */
const ON_REQUEST: readonly ResourceList[] = [
  onRequest("admissionregistration.k8s.io/v1beta1", ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]),
  onRequest("admissionregistration.k8s.io/v1alpha1", ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]),
  onRequest("certificates.k8s.io/v1beta1", ["ClusterTrustBundle"], ["PodCertificateRequest"]),
  onRequest("certificates.k8s.io/v1alpha1", ["ClusterTrustBundle"]),
  onRequest("coordination.k8s.io/v1beta1", [], ["LeaseCandidate"]),
  onRequest("coordination.k8s.io/v1alpha2", [], ["LeaseCandidate"]),
  onRequest("internal.apiserver.k8s.io/v1alpha1", ["StorageVersion"]),
  onRequest("networking.k8s.io/v1beta1", ["IPAddress", "ServiceCIDR"]),
  onRequest(
    "resource.k8s.io/v1beta2",
    ["DeviceClass", "DeviceTaintRule", "ResourceSlice"],
    ["ResourceClaim", "ResourceClaimTemplate"],
  ),
  onRequest("resource.k8s.io/v1beta1", ["DeviceClass", "ResourceSlice"], ["ResourceClaim", "ResourceClaimTemplate"]),
  onRequest("resource.k8s.io/v1alpha3", ["DeviceTaintRule", "ResourcePoolStatusRequest"]),
  onRequest("scheduling.k8s.io/v1alpha2", [], ["PodGroup", "Workload"]),
  onRequest("storage.k8s.io/v1beta1", ["VolumeAttributesClass"]),
  onRequest("storagemigration.k8s.io/v1beta1", ["StorageVersionMigration"]),
];
export const lists = [
  ...Object.values(read<{ resources: Record<string, ResourceList> }>("discovery.json").resources),
  ...ON_REQUEST,
];

function onRequest(
  groupVersion: string,
  ofCluster: readonly string[],
  ofNamespaces: readonly string[] = [],
): ResourceList {
  const plural = (kind: string) =>
    kind
      .toLowerCase()
      .replace(/(s|y)$/, (end) => (end === "y" ? "ie" : "se"))
      .concat("s");
  const entry = (namespaced: boolean) => (kind: string) => ({ name: plural(kind), kind, namespaced });
  return { groupVersion, resources: [...ofCluster.map(entry(false)), ...ofNamespaces.map(entry(true))] };
}

/** Kinds that are served as resources, with whether they live in namespaces. */
export const served = new Map<string, boolean>();
for (const list of lists)
  for (const r of list.resources) {
    const groupVersion = r.version ? `${r.group ? `${r.group}/` : ""}${r.version}` : list.groupVersion;
    if (!r.name.includes("/")) served.set(`${groupVersion} ${r.kind}`, r.namespaced);
  }
