/**
 * Without it a single node that was taken over could change every other node and every pod of the cluster. A kubelet writes its own node, lease
 * and CSINode, the status of the pods that run on it, and mirror pods of itself; and gets tokens only for those pods.
 */
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { KubeObject } from "@kubets/api/meta";
import { badRequest, deepEqual } from "@kubets/machinery";
import { readSigningRequest } from "@kubets/wire/x509";
import { nodeOf } from "../../../authn/node-identity.ts";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";
import { restrictNode } from "./node.ts";
import { restrictEviction, restrictPod, restrictPodStatus } from "./pod.ts";
import { restrictPodCertificate } from "./pod-certificate.ts";
import { restrictToken } from "./token.ts";

type Restriction = (request: AdmissionRequest, node: string, context: AdmissionContext) => void | Promise<void>;

const LEASE_NAMESPACE = "kube-node-lease";

const RESTRICTIONS: Readonly<Record<string, Restriction>> = {
  pods: (request, node) => {
    throw refuse(
      request,
      `unexpected pod subresource ${JSON.stringify(request.subresource)}, only 'status' and 'eviction' are allowed for node ${node}`,
    );
  },
  "pods/": restrictPod,
  "pods/status": restrictPodStatus,
  "pods/eviction": restrictEviction,
  "nodes/": restrictNode,
  "nodes/status": restrictNode,
  "serviceaccounts/token": restrictToken,
  "persistentvolumeclaims/status": restrictClaimStatus,
  persistentvolumeclaims: (request) => {
    throw refuse(request, "may only update PVC status");
  },
  "leases.coordination.k8s.io/": restrictLease,
  "csinodes.storage.k8s.io/": restrictCsiNode,
  "resourceslices.resource.k8s.io/": restrictSlice,
  "certificatesigningrequests.certificates.k8s.io/": restrictSigningRequest,
  "podcertificaterequests.certificates.k8s.io": restrictPodCertificate,
};

const restrictionFor = (group: string, resource: string, subresource: string): Restriction | undefined => {
  const name = group ? `${resource}.${group}` : resource;
  return RESTRICTIONS[`${name}/${subresource}`] ?? RESTRICTIONS[name];
};

export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  handles: (operation, { group, resource }, subresource) =>
    operation !== "CONNECT" && restrictionFor(group, resource, subresource) !== undefined,
  mutate(request, context) {
    const node = nodeOf(request.user);
    if (node === undefined) return;
    if (node === "") throw refuse(request, `could not determine node from user ${JSON.stringify(request.user.name)}`);
    const { group, resource } = request.resource;
    return restrictionFor(group, resource, request.subresource)?.(request, node, context);
  },
};

function restrictLease(request: AdmissionRequest, node: string): void {
  if (request.namespace !== LEASE_NAMESPACE)
    throw refuse(request, `can only access leases in the ${JSON.stringify(LEASE_NAMESPACE)} system namespace`);
  if (request.name !== node)
    throw refuse(request, "can only access node lease with the same name as the requesting node");
}

function restrictCsiNode(request: AdmissionRequest, node: string): void {
  if (request.name !== node) throw refuse(request, "can only access CSINode with the same name as the requesting node");
}

function restrictSlice(request: AdmissionRequest, node: string): void {
  const slice = (request.object ?? request.old) as unknown as { spec?: { nodeName?: string } } | undefined;
  if (request.operation === "UPDATE" || slice?.spec?.nodeName === node) return;
  const verb = request.operation === "DELETE" ? "delete" : "create";
  throw refuse(request, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

const NODE_SIGNERS = new Set(["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"]);

/** Otherwise a node could ask for the certificate of another one. */
function restrictSigningRequest(request: AdmissionRequest, node: string): void {
  if (request.operation !== "CREATE") return;
  const { signerName, request: pem } = (request.object as unknown as CertificateSigningRequest).spec;
  if (!NODE_SIGNERS.has(signerName)) return;
  const { commonName } = readable(pem);
  const own = `system:node:${node}`;
  if (commonName !== own) throw refuse(request, `can only create a node CSR with CN=${own}`);
}

function readable(pem: string) {
  try {
    return readSigningRequest(Buffer.from(pem, "base64").toString());
  } catch (error) {
    throw badRequest(`unable to parse csr: ${(error as Error).message}`);
  }
}

/** A kubelet reports how far a resize has come, and nothing else. */
function restrictClaimStatus(request: AdmissionRequest, node: string): void {
  if (request.operation !== "UPDATE")
    throw refuse(request, `unexpected operation ${JSON.stringify(request.operation)}`);
  const rest = (object: unknown) => {
    const { metadata, status, ...others } = object as KubeObject & { status?: Record<string, unknown> };
    const {
      capacity: _c,
      conditions: _k,
      allocatedResources: _a,
      allocatedResourceStatuses: _s,
      currentVolumeAttributesClassName: _v,
      modifyVolumeStatus: _m,
      ...kept
    } = status ?? {};
    const { managedFields: _f, resourceVersion: _r, ...meta } = metadata;
    return { ...others, metadata: meta, status: kept };
  };
  if (!deepEqual(rest(request.object), rest(request.old)))
    throw refuse(
      request,
      `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`,
    );
}
