/** What the server makes of a pod before it is validated: its first status, and what follows from its own labels and annotations. */
import { joined } from "@kubets/machinery/joined";
import type { AppArmorProfile, Container, Pod, PodAffinityTerm } from "../generated/types/core-v1.ts";
import type { LabelSelector } from "../generated/types/meta-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { APP_ARMOR_PREFIX } from "./annotation-names.ts";
import { computeQosClass } from "./qos.ts";

export function preparePod(pod: Draft<Pod>, { now, featureEnabled }: WriteContext): void {
  pod.status = { phase: "Pending", qosClass: computeQosClass(pod.spec) };
  dropDisabledFields(pod, featureEnabled);
  if (pod.spec.schedulingGates?.length) markGated(pod, now);
  selectByOwnLabels(pod);
  appArmorFromAnnotations(pod);
}

function markGated(pod: Draft<Pod>, now: string): void {
  pod.status.conditions = [
    {
      type: "PodScheduled",
      status: "False",
      lastProbeTime: null,
      lastTransitionTime: now,
      reason: "SchedulingGated",
      message: "Scheduling is blocked due to non-empty scheduling gates",
    },
  ];
}

/** Fields whose features are off are as if they had not been sent. */
function dropDisabledFields({ spec }: Draft<Pod>, enabled: (name: string) => boolean): void {
  if (!enabled("ContainerStopSignals")) for (const container of allContainers(spec)) dropStopSignal(container);
  if (!enabled("PodCertificateRequest"))
    for (const volume of spec.volumes ?? [])
      for (const source of volume.projected?.sources ?? []) delete source.podCertificate;
  if (!enabled("GenericWorkload")) delete spec.schedulingGroup;
}

const allContainers = (spec: Draft<Pod["spec"]>): Draft<Container>[] =>
  joined(spec.containers ?? [], spec.initContainers ?? [], (spec.ephemeralContainers ?? []) as Draft<Container>[]);

function dropStopSignal(container: Draft<Container>): void {
  if (container.lifecycle?.stopSignal === undefined) return;
  delete container.lifecycle.stopSignal;
  if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
}

/** `matchLabelKeys`: pods with the same value of a label as this one are selected, or not. */
function selectByOwnLabels({ metadata, spec }: Draft<Pod>): void {
  const labels = metadata.labels ?? {};
  for (const term of affinityTerms(spec)) {
    addRequirements(term, term.matchLabelKeys, "In", labels);
    addRequirements(term, term.mismatchLabelKeys, "NotIn", labels);
  }
  for (const constraint of spec.topologySpreadConstraints ?? [])
    addRequirements(constraint, constraint.matchLabelKeys, "In", labels);
}

function affinityTerms({ affinity }: Draft<Pod["spec"]>): Draft<PodAffinityTerm>[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((part) =>
    joined(
      part?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
      (part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ),
  );
}

function addRequirements(
  holder: { labelSelector?: Draft<LabelSelector> },
  keys: readonly string[] | undefined,
  operator: string,
  labels: Readonly<Record<string, string>>,
): void {
  const selector = holder.labelSelector;
  if (!selector) return;
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value !== undefined) (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
  }
}

/** Profiles were annotations once; a container that has none in its fields gets that of its annotation. */
function appArmorFromAnnotations({ metadata, spec }: Draft<Pod>): void {
  for (const container of allContainers(spec)) {
    const annotation = metadata.annotations?.[APP_ARMOR_PREFIX + container.name];
    const profile = annotation === undefined ? undefined : profileOf(annotation);
    if (!profile || container.securityContext?.appArmorProfile || sameAsPod(spec, profile)) continue;
    (container.securityContext ??= {}).appArmorProfile = profile;
  }
}

const sameAsPod = (spec: Draft<Pod["spec"]>, profile: AppArmorProfile): boolean => {
  const ofPod = spec.securityContext?.appArmorProfile;
  return ofPod?.type === profile.type && ofPod.localhostProfile === profile.localhostProfile;
};

function profileOf(annotation: string): Draft<AppArmorProfile> | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation === "runtime/default") return { type: "RuntimeDefault" };
  if (!annotation.startsWith("localhost/")) return undefined;
  return { type: "Localhost", localhostProfile: annotation.slice("localhost/".length) };
}
