/** Without it whoever may create a pod is root on a node: a privileged container or a mount of the host's root is all it takes. */
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { deepEqual, invalid } from "@kubets/machinery";
import type { Evaluation } from "../../../metrics/admission-metrics.ts";
import type { PluginConfiguration } from "../../configuration.ts";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../../plugin.ts";
import { isWhole, refuse } from "../../request.ts";
import { podUnderCheck } from "./check.ts";
import { type PodSecurityOptions, podSecurityOptions } from "./configuration.ts";
import { detailsOf, evaluatePod } from "./evaluate.ts";
import { warnOfExistingPods } from "./existing-pods.ts";
import { type LevelVersion, type Policy, policyOf, samePolicy, shownPolicy } from "./policy.ts";

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

export function podSecurity(given?: PluginConfiguration): AdmissionPlugin {
  const options = podSecurityOptions(given);
  const policies = new NamespacePolicies(options);
  return {
    name: "PodSecurity",
    handles: (operation, resource, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      (isWhole(namespaces, resource, subresource) ||
        isWhole(pods, resource, subresource) ||
        (resource.resource === "pods" && subresource === "ephemeralcontainers") ||
        (subresource === "" && templateOf(resource) !== undefined)),

    validate(request, { view, metrics }) {
      const { resource, object, old } = request;
      if (resource.resource === "namespaces") return checkNamespace(request, view, options);
      if (!object) return;
      const { policy, isWrong } = policies.of(view.get(namespaces, "", request.namespace)?.metadata.labels);
      const isPod = resource.resource === "pods";
      const counted = (evaluation: Evaluation) => metrics.podSecurity(request, evaluation);
      if (!policy) {
        if (isPod && (!old || isSignificant(object as unknown as Pod, old as Pod))) counted(UNASKED);
        return;
      }
      const pod = isPod ? (object as unknown as Pod) : templateOf(resource)?.(object as KubeObject);
      if (!pod?.spec) return;
      const exempt = exemptionOf(request, pod.spec, options);
      if (exempt) {
        metrics.podSecurityExemption(request);
        return request.annotate(`${NOTES}exempt`, exempt);
      }
      if (isWrong) metrics.podSecurityError(request);
      const checked = { spec: pod.spec, annotations: pod.metadata?.annotations, counted };
      if (!isPod) return tell(request, policy, checked);
      if (!old || isSignificant(pod as Pod, old as Pod)) enforce(request, policy, checked);
    },
  };
}

const NOTES = "pod-security.kubernetes.io/";

/** By what the request is left alone. */
function exemptionOf(
  { namespace, user }: AdmissionRequest,
  { runtimeClassName = "" }: PodSpec,
  options: PodSecurityOptions,
): string | undefined {
  if (options.namespaces.has(namespace)) return "namespace";
  if (options.usernames.has(user.name)) return "user";
  return runtimeClassName && options.runtimeClasses.has(runtimeClassName) ? "runtimeClass" : undefined;
}

function specTemplate(object: KubeObject): PodTemplateSpec | undefined {
  return (object as unknown as { spec?: { template?: PodTemplateSpec } }).spec?.template;
}

const templateOf = ({ group, resource }: ResourceDefinition) => TEMPLATES[`${group}/${resource}`];

type Labels = Readonly<Record<string, string>>;

interface Demanded {
  /** Undefined where nothing is demanded, which is almost everywhere. */
  readonly policy: Policy | undefined;
  /** Whether there are labels that nobody understands. */
  readonly isWrong: boolean;
}

/** What namespaces demand, read off their labels once for as long as those stand. */
class NamespacePolicies {
  readonly #options: PodSecurityOptions;
  readonly #byDefault: Demanded;
  readonly #read = new WeakMap<Labels, Demanded>();

  constructor(options: PodSecurityOptions) {
    this.#options = options;
    this.#byDefault = demanded(options.defaultPolicy, false);
  }

  of(labels: Labels | undefined): Demanded {
    return labels ? this.#demandedBy(labels) : this.#byDefault;
  }

  #demandedBy(labels: Labels): Demanded {
    let read = this.#read.get(labels);
    if (!read) {
      const { policy, errors } = policyOf({ ...this.#options.defaults, ...labels });
      this.#read.set(labels, (read = demanded(policy, errors.length > 0)));
    }
    return read;
  }
}

function demanded(policy: Policy, isWrong: boolean): Demanded {
  const demands = [policy.enforce, policy.warn, policy.audit].some(({ level }) => level !== "privileged");
  return { policy: demands ? policy : undefined, isWrong };
}

/** What is said of a pod where nothing is demanded. */
const UNASKED: Evaluation = { mode: "enforce", level: "privileged", version: "latest", isAllowed: true };

interface Checked {
  readonly spec: PodSpec;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** Counts what came out. */
  counted(evaluation: Evaluation): void;
}

function enforce(request: AdmissionRequest, policy: Policy, checked: Checked): void {
  const violations = evaluatePod(podUnderCheck(checked.spec, checked.annotations), policy.enforce);
  checked.counted({ mode: "enforce", ...policy.enforce, isAllowed: violations.length === 0 });
  request.annotate(`${NOTES}enforce-policy`, `${policy.enforce.level}:${policy.enforce.version}`);
  tell(request, policy, checked, violations.length > 0);
  if (violations.length)
    throw refuse(request, `violates PodSecurity ${shownPolicy(policy.enforce)}: ${detailsOf(violations)}`);
}

/** Warns the client and notes for the audit log; a client that is refused for the same is not warned too. */
function tell(
  request: AdmissionRequest,
  policy: Policy,
  { spec, annotations, counted }: Checked,
  isRefused = false,
): void {
  const said = (mode: "audit" | "warn", wanted: LevelVersion): string | undefined => {
    const violations = evaluatePod(podUnderCheck(spec, annotations), wanted);
    if (violations.length === 0) return undefined;
    counted({ mode, ...wanted, isAllowed: false });
    return `would violate PodSecurity ${shownPolicy(wanted)}: ${detailsOf(violations)}`;
  };
  const noted = said("audit", policy.audit);
  if (noted) request.annotate(`${NOTES}audit-violations`, noted);
  const isPod = request.resource.resource === "pods";
  if (isRefused || (isPod && samePolicy(policy.enforce, policy.warn))) return;
  const warned = said("warn", policy.warn);
  if (warned) request.warn(warned);
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

function checkNamespace(
  request: AdmissionRequest,
  view: ClusterView,
  { defaults, namespaces: exempt }: PodSecurityOptions,
): void {
  const namespace = request.object as unknown as Namespace;
  const { errors } = policyOf(namespace.metadata.labels);
  const before = request.old && policyOf(request.old.metadata.labels);
  if (errors.length && !(before && deepEqual(before.errors, errors)))
    throw invalid({ group: "", kind: "Namespace" }, namespace.metadata.name, errors);
  if (!before || request.subresource !== "" || exempt.has(namespace.metadata.name)) return;
  const now = policyOf({ ...defaults, ...namespace.metadata.labels }).policy;
  const then = policyOf({ ...defaults, ...request.old?.metadata.labels }).policy;
  warnOfExistingPods(request, now.enforce, then.enforce, view);
}
