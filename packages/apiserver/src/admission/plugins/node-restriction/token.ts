/** Tokens that a kubelet asks for: bound to a pod that runs on it, and for whom that pod's volumes ask. */
import { csidrivers, persistentvolumeclaims, persistentvolumes, pods } from "@kubets/api/generated/refs";
import type { TokenRequest } from "@kubets/api/generated/types/authentication-v1";
import type { Pod, Volume } from "@kubets/api/generated/types/core-v1";
import { notFound } from "@kubets/machinery";
import type { AdmissionContext, AdmissionRequest, ClusterView } from "../../plugin.ts";
import { refuse } from "../../request.ts";

export async function restrictToken(request: AdmissionRequest, node: string, context: AdmissionContext): Promise<void> {
  if (request.operation !== "CREATE") return;
  const { boundObjectRef: ref, audiences } = (request.options as { spec: Partial<TokenRequest["spec"]> }).spec;
  if (ref?.kind !== "Pod" || ref.apiVersion !== "v1" || !ref.name)
    throw refuse(request, "node requested token not bound to a pod");
  if (!ref.uid) throw refuse(request, "node requested token with a pod binding without a uid");
  const pod = context.view.get(pods, request.namespace, ref.name);
  if (!pod) throw notFound({ group: "", resource: "pods" }, ref.name);
  if (pod.metadata.uid !== ref.uid)
    throw refuse(
      request,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (pod.spec.nodeName !== node)
    throw refuse(request, "node requested token bound to a pod scheduled on a different node");
  if (audiences && audiences.length > 1) throw refuse(request, "node may only request 0 or 1 audiences");
  const audience = audiences?.[0] ?? "";
  if (asksFor(pod, audience, context.view) || (await isAllowed(request, audience, context))) return;
  throw refuse(
    request,
    `audience ${JSON.stringify(audience)} not found in pod spec volume, ${request.user.name} is not authorized to request tokens for this audience`,
  );
}

function asksFor({ spec, metadata }: Pod, audience: string, view: ClusterView): boolean {
  return (spec.volumes ?? []).some((volume) => {
    if (
      volume.projected?.sources?.some(
        (s) => s.serviceAccountToken && (s.serviceAccountToken.audience ?? "") === audience,
      )
    )
      return true;
    const driver = driverOf(volume, metadata.namespace ?? "", metadata.name, view);
    return driver !== undefined && driverAsksFor(driver, audience, view);
  });
}

/** The CSI driver behind a volume, inline or by way of a claim. */
function driverOf(volume: Volume, namespace: string, pod: string, view: ClusterView): string | undefined {
  if (volume.csi) return volume.csi.driver;
  const claim = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod}-${volume.name}` : undefined);
  const name = claim && view.get(persistentvolumeclaims, namespace, claim)?.spec.volumeName;
  return name ? view.get(persistentvolumes, "", name)?.spec.csi?.driver : undefined;
}

const driverAsksFor = (driver: string, audience: string, view: ClusterView): boolean =>
  view.get(csidrivers, "", driver)?.spec.tokenRequests?.some((r) => r.audience === audience) ?? false;

/** An operator may let nodes ask for more, by a right on the audience. */
async function isAllowed(
  { user, namespace, name }: AdmissionRequest,
  audience: string,
  { authorize }: AdmissionContext,
): Promise<boolean> {
  const verb = "request-serviceaccounts-token-audience";
  const decision = await authorize({
    user,
    verb,
    isResource: true,
    namespace,
    group: "",
    version: "",
    resource: audience,
    subresource: "",
    name,
    path: "",
  });
  return decision.verdict === "allow";
}
