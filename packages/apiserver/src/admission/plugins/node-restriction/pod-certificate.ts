/** Certificates that a kubelet asks for: of pods that run on it, which asked for them, under the names that they have. */
import { nodes, pods, serviceaccounts } from "@kubets/api/generated/refs";
import type { PodCertificateRequest } from "@kubets/api/generated/types/certificates-v1beta1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { conflict } from "@kubets/machinery";
import type { AdmissionContext, AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";

const MIRROR = "kubernetes.io/config.mirror";
const RESOURCE = { group: "certificates.k8s.io", resource: "podcertificaterequests" };

export async function restrictPodCertificate(
  request: AdmissionRequest,
  node: string,
  { view }: AdmissionContext,
): Promise<void> {
  if (request.operation !== "CREATE") throw refuse(request, `unexpected operation ${request.operation}`);
  if (request.subresource) throw refuse(request, `unexpected subresource ${request.subresource}`);
  const { spec } = request.object as unknown as PodCertificateRequest;
  if (spec.nodeName !== node)
    throw refuse(
      request,
      `PodCertificateRequest.Spec.NodeName=${JSON.stringify(spec.nodeName)}, which is not the requesting node ${JSON.stringify(node)}`,
    );
  // What was just made may be told of by the next node before it is seen here.
  await view.refresh();
  const { namespace } = request;
  const later = (why: string) => conflict(RESOURCE, request.name, why);
  const pod = view.get(pods, namespace, spec.podName);
  if (!pod)
    throw later(
      `while retrieving pod named in the PodCertificateRequest: pod ${JSON.stringify(spec.podName)} not found`,
    );
  checkPod(request, pod, spec, later);
  const account = view.get(serviceaccounts, namespace, spec.serviceAccountName);
  if (account?.metadata.uid !== spec.serviceAccountUID)
    throw later(
      uids("PodCertificateRequest for pod names service account UID", spec.serviceAccountUID, account?.metadata.uid),
    );
  const found = view.get(nodes, "", node);
  if (found?.metadata.uid !== spec.nodeUID)
    throw later(uids("PodCertificateRequest for pod names node UID", spec.nodeUID, found?.metadata.uid));
}

const uids = (what: string, named: string, known = "") =>
  `${what} ${JSON.stringify(named)}, which differs from ${JSON.stringify(known)}`;

function checkPod(
  request: AdmissionRequest,
  { metadata, spec }: Pod,
  wanted: PodCertificateRequest["spec"],
  later: (why: string) => Error,
): void {
  if (metadata.annotations?.[MIRROR] !== undefined)
    throw refuse(request, "pod is a mirror pod; mirror pods cannot use PodCertificate projections");
  if (spec.nodeName !== wanted.nodeName)
    throw refuse(
      request,
      `pod ${JSON.stringify(metadata.name)} is not running on node ${JSON.stringify(wanted.nodeName)} named in the PodCertificateRequest`,
    );
  if (metadata.uid !== wanted.podUID)
    throw later(uids("PodCertificateRequest names pod UID", wanted.podUID, metadata.uid));
  if (spec.serviceAccountName !== wanted.serviceAccountName)
    throw refuse(
      request,
      `PodCertificateRequest names service account ${JSON.stringify(wanted.serviceAccountName)}, which differs from pod's service account ${JSON.stringify(spec.serviceAccountName)}`,
    );
  const asks = spec.volumes?.some(({ projected }) =>
    projected?.sources?.some(({ podCertificate }) => podCertificate?.signerName === wanted.signerName),
  );
  if (!asks)
    throw refuse(
      request,
      `pod ${JSON.stringify(metadata.name)} has no volume with a certificate of the signer ${JSON.stringify(wanted.signerName)}`,
    );
}
