/** Without it a pod would have no identity of its own, and one without rights could read every secret by naming it. */
import { pods, serviceaccounts } from "@kubets/api/generated/refs";
import type { Pod, ServiceAccount } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { clone } from "@kubets/machinery/clone";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../../plugin.ts";
import { refuse } from "../../request.ts";
import { secretsOf } from "./secret-references.ts";
import { mountToken } from "./token-volume.ts";

const MIRROR = "kubernetes.io/config.mirror";
const STRICT = "kubernetes.io/enforce-mountable-secrets";

export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  handles: (operation, { resource, group }, subresource) =>
    resource === pods.resource &&
    group === "" &&
    ((operation === "CREATE" && subresource === "") ||
      (operation === "UPDATE" && (subresource === "" || subresource === "ephemeralcontainers"))),

  mutate(request, { view, random }) {
    if (request.operation !== "CREATE") return;
    const pod = request.object as unknown as Draft<Pod>;
    if (isMirror(pod as Pod)) return checkMirror(request, pod as Pod);
    pod.spec.serviceAccountName ||= "default";
    pod.spec.serviceAccount = pod.spec.serviceAccountName;
    const account = accountOf(request, pod as Pod, view);
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, random);
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      pod.spec.imagePullSecrets = clone(account.imagePullSecrets) as NonNullable<typeof pod.spec.imagePullSecrets>;
    checkSecrets(request, pod as Pod, account);
  },

  validate(request, { view }) {
    const pod = request.object as unknown as Pod;
    if (request.operation === "UPDATE" && request.subresource === "") return;
    if (isMirror(pod)) return checkMirror(request, pod);
    checkSecrets(request, pod, accountOf(request, pod, view));
  },
};

const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.[MIRROR] !== undefined;

function accountOf(request: AdmissionRequest, { spec }: Pod, view: ClusterView): ServiceAccount {
  const name = spec.serviceAccountName ?? "";
  const account = view.get(serviceaccounts, request.namespace, name);
  if (account) return account;
  const missing = `serviceaccount ${JSON.stringify(name)} not found`;
  throw refuse(request, `error looking up service account ${request.namespace}/${name}: ${missing}`);
}

/** A mirror pod stands for one that a kubelet runs from a file: nothing of the API may reach it. */
function checkMirror(request: AdmissionRequest, pod: Pod): void {
  if (pod.spec.serviceAccountName) throw refuse(request, "a mirror pod may not reference service accounts");
  if (secretsOf(pod).length || pod.spec.imagePullSecrets?.length)
    throw refuse(request, "a mirror pod may not reference secrets");
  const projects = pod.spec.volumes?.some(({ projected }) => projected?.sources?.some((s) => s.serviceAccountToken));
  if (projects) throw refuse(request, "a mirror pod may not use ServiceAccountToken volume projections");
}

/** Accounts that say so let their pods use only the secrets that they list. */
function checkSecrets(request: AdmissionRequest, pod: Pod, account: ServiceAccount): void {
  if (!/^(1|t|true)$/i.test(account.metadata.annotations?.[STRICT] ?? "")) return;
  const { name } = account.metadata;
  const listed = new Set(account.secrets?.map((secret) => secret.name));
  const because = `is not allowed because service account ${name} does not reference that`;
  for (const { where, secret } of secretsOf(pod))
    if (!listed.has(secret))
      throw refuse(request, `${where} secret.secretName=${JSON.stringify(secret)} ${because} secret`);
  const pulls = new Set(account.imagePullSecrets?.map((secret) => secret.name));
  for (const [i, secret] of (pod.spec.imagePullSecrets ?? []).entries())
    if (!pulls.has(secret.name))
      throw refuse(request, `imagePullSecrets[${i}].name=${JSON.stringify(secret.name)} ${because} imagePullSecret`);
}
