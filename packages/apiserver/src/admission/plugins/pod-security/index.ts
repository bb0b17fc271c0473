/** Without it whoever may create a pod is root on a node: a privileged container or a mount of the host's root is all it takes. */
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { deepEqual, invalid } from "@kubets/machinery";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../../plugin.ts";
import { isWhole, refuse } from "../../request.ts";
import { podUnderCheck } from "./check.ts";
import { detailsOf, evaluatePod } from "./evaluate.ts";
import { warnOfExistingPods } from "./existing-pods.ts";
import { type Policy, policyOf, samePolicy, shownPolicy } from "./policy.ts";

/** What makes pods later, by where it keeps their template. */
const TEMPLATES: Readonly<Record<string, (object: KubeObject) => PodTemplateSpec | undefined>> = {
  "/podtemplates": (o) => (o as unknown as { template?: PodTemplateSpec }).template,
  "/replicationcontrollers": specTemplate,
  "apps/daemonsets": specTemplate,
  "apps/deployments": specTemplate,
  "apps/replicasets": specTemplate,
  "apps/statefulsets": specTemplate,
  "batch/jobs": specTemplate,
  "batch/cronjobs": (o) =>
    (o as unknown as { spec: { jobTemplate?: { spec?: { template?: PodTemplateSpec } } } }).spec?.jobTemplate?.spec
      ?.template,
};

export const podSecurity: AdmissionPlugin = {
  name: "PodSecurity",
  handles: (operation, resource, subresource) =>
    (operation === "CREATE" || operation === "UPDATE") &&
    (isWhole(namespaces, resource, subresource) ||
      isWhole(pods, resource, subresource) ||
      (resource.resource === "pods" && subresource === "ephemeralcontainers") ||
      (subresource === "" && templateOf(resource) !== undefined)),

  validate(request, { view }) {
    const { resource, object, old } = request;
    if (resource.resource === "namespaces") return checkNamespace(request, view);
    const policy = policyIn(request.namespace, view);
    if (!policy || !object) return;
    if (resource.resource === "pods") {
      const pod = object as unknown as Pod;
      if (!old || isSignificant(pod, old as Pod)) enforce(request, policy, pod.spec, pod.metadata.annotations);
      return;
    }
    const template = templateOf(resource)?.(object as KubeObject);
    if (template?.spec) warn(request, policy, template.spec, template.metadata?.annotations);
  },
};

function specTemplate(object: KubeObject): PodTemplateSpec | undefined {
  return (object as unknown as { spec?: { template?: PodTemplateSpec } }).spec?.template;
}

const templateOf = ({ group, resource }: ResourceDefinition) => TEMPLATES[`${group}/${resource}`];

/** Undefined where nothing is demanded, which is almost everywhere. */
function policyIn(namespace: string, view: ClusterView): Policy | undefined {
  const labels = view.get(namespaces, "", namespace)?.metadata.labels;
  if (!labels) return undefined;
  const { policy } = policyOf(labels);
  const demands = policy.enforce.level !== "privileged" || policy.warn.level !== "privileged";
  return demands ? policy : undefined;
}

function enforce(
  request: AdmissionRequest,
  policy: Policy,
  spec: PodSpec,
  annotations: Record<string, string> | undefined,
): void {
  const violations = evaluatePod(podUnderCheck(spec, annotations), policy.enforce);
  if (violations.length)
    throw refuse(request, `violates PodSecurity ${shownPolicy(policy.enforce)}: ${detailsOf(violations)}`);
  if (!samePolicy(policy.enforce, policy.warn)) warn(request, policy, spec, annotations);
}

function warn(
  request: AdmissionRequest,
  policy: Policy,
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> | undefined,
): void {
  const violations = evaluatePod(podUnderCheck(spec, annotations), policy.warn);
  if (violations.length)
    request.warn(`would violate PodSecurity ${shownPolicy(policy.warn)}: ${detailsOf(violations)}`);
}

/** Of what can change in a pod only images and ephemeral containers matter here. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const counts = ({ spec, metadata }: Pod) => ({
    images: [...(spec.initContainers ?? []), ...spec.containers].map((c) => c.image),
    ephemeral: spec.ephemeralContainers ?? [],
    profiles: Object.entries(metadata.annotations ?? {}).filter(([key]) =>
      /^(container\.)?(apparmor|seccomp)\.security/.test(key),
    ),
  });
  return !deepEqual(counts(pod), counts(old));
}

function checkNamespace(request: AdmissionRequest, view: ClusterView): void {
  const namespace = request.object as unknown as Namespace;
  const { policy, errors } = policyOf(namespace.metadata.labels);
  const before = request.old && policyOf(request.old.metadata.labels);
  if (errors.length && !(before && deepEqual(before.errors, errors)))
    throw invalid({ group: "", kind: "Namespace" }, namespace.metadata.name, errors);
  if (before && request.subresource === "") warnOfExistingPods(request, policy.enforce, before.policy.enforce, view);
}
