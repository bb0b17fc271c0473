/** What a kubelet may do to pods: its own mirror pods, the status of what runs on it, and to send those away. */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { deepEqual } from "@kubets/machinery";
import type { AdmissionContext, AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";
import { secretsOf } from "../service-account/secret-references.ts";

const MIRROR = "kubernetes.io/config.mirror";

export function restrictPod(request: AdmissionRequest, node: string, context: AdmissionContext): void {
  if (request.operation === "CREATE")
    return restrictMirrorPod(request, request.object as unknown as Pod, node, context);
  const quoted = JSON.stringify(node);
  if (request.operation !== "DELETE")
    throw refuse(
      request,
      `unexpected operation ${JSON.stringify(request.operation)}, node ${quoted} can only create and delete mirror pods`,
    );
  if ((request.old as Pod | undefined)?.spec.nodeName !== node)
    throw refuse(request, `node ${quoted} can only delete pods with spec.nodeName set to itself`);
}

function restrictMirrorPod(request: AdmissionRequest, pod: Pod, node: string, { view }: AdmissionContext): void {
  const quoted = JSON.stringify(node);
  if (pod.metadata.annotations?.[MIRROR] === undefined)
    throw refuse(
      request,
      `pod does not have ${JSON.stringify(MIRROR)} annotation, node ${quoted} can only create mirror pods`,
    );
  if (pod.spec.nodeName !== node)
    throw refuse(request, `node ${quoted} can only create pods with spec.nodeName set to itself`);
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length)
    throw refuse(request, `node ${quoted} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node)
    throw refuse(request, `node ${quoted} can only create pods with an owner reference set to itself`);
  if (!owner.controller)
    throw refuse(request, `node ${quoted} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion)
    throw refuse(request, `node ${quoted} must not set blockOwnerDeletion on an owner reference`);
  const uid = view.get(nodes, "", node)?.metadata.uid ?? "";
  if (owner.uid !== uid) throw refuse(request, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
  const reference = reachesFor(pod);
  if (reference) throw refuse(request, `node ${quoted} can not create pods that reference ${reference}`);
}

/** A node that could name these would read them. */
function reachesFor(pod: Pod): string | undefined {
  const { spec } = pod;
  if (spec.serviceAccountName) return "a service account";
  if (secretsOf(pod).length || spec.imagePullSecrets?.length) return "secrets";
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const volumes = spec.volumes ?? [];
  const inEnvironment = containers.some(
    (c) => c.envFrom?.some((e) => e.configMapRef) || c.env?.some((e) => e.valueFrom?.configMapKeyRef),
  );
  if (inEnvironment || volumes.some((v) => v.configMap || v.projected?.sources?.some((s) => s.configMap)))
    return "configmaps";
  if (volumes.some((v) => v.persistentVolumeClaim)) return "persistentvolumeclaims";
  return spec.resourceClaims?.length ? "resourceclaims" : undefined;
}

export function restrictPodStatus(request: AdmissionRequest, node: string): void {
  const quoted = JSON.stringify(node);
  if (request.operation !== "UPDATE")
    throw refuse(request, `unexpected operation ${JSON.stringify(request.operation)}`);
  const [pod, old] = [request.object as unknown as Pod, request.old as Pod];
  if (old.spec.nodeName !== node)
    throw refuse(request, `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`);
  if (!deepEqual(pod.metadata.labels ?? {}, old.metadata.labels ?? {}))
    throw refuse(request, `node ${quoted} cannot update labels through pod status`);
  if (!deepEqual(pod.status.resourceClaimStatuses ?? [], old.status.resourceClaimStatuses ?? []))
    throw refuse(request, `node ${quoted} cannot update resource claim statuses`);
}

export function restrictEviction(request: AdmissionRequest, node: string, { view }: AdmissionContext): void {
  if (request.operation !== "CREATE") return;
  const pod = view.get(pods, request.namespace, request.name);
  if (pod && pod.spec.nodeName !== node)
    throw refuse(request, `node ${node} can only evict pods with spec.nodeName set to itself`);
}
