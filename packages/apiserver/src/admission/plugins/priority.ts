/** Without it anybody could give a pod, or a group of pods, any number as its priority, and push away what the cluster needs to live. */
import { podgroups, pods, priorityclasses } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PriorityClass } from "@kubets/api/generated/types/scheduling-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { Draft } from "@kubets/api/meta";
import { systemPriorityClasses } from "@kubets/api/pod/priority";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const byClass = (what: string): string =>
  `must not be provided in ${what} spec; priority admission controller computed`;

export const priority: AdmissionPlugin = {
  name: "Priority",
  handles: (operation, resource, subresource) =>
    operation !== "CONNECT" &&
    ((operation !== "DELETE" && isWhole(pods, resource, subresource)) ||
      (operation === "CREATE" && isWhole(podgroups, resource, subresource)) ||
      isWhole(priorityclasses, resource, subresource)),

  mutate(request, { view, featureEnabled }) {
    if (request.resource.resource === podgroups.resource && featureEnabled("WorkloadAwarePreemption"))
      setGroupPriority(request, request.object as unknown as Draft<PodGroup>, view);
    if (request.resource.resource !== pods.resource) return;
    const pod = request.object as unknown as Draft<Pod>;
    if (request.operation === "CREATE") setPriority(request, pod, view);
    else keepPriority(pod, request.old as Pod);
  },

  validate(request, { view }) {
    if (request.resource.resource !== priorityclasses.resource) return;
    if (request.operation === "DELETE") {
      if (Object.hasOwn(systemPriorityClasses, request.name))
        throw refuse(request, "this is a system priority class and cannot be deleted");
      return;
    }
    const made = request.object as unknown as PriorityClass;
    if (!made.globalDefault) return;
    const other = view.list(priorityclasses).find((c) => c.globalDefault && c.metadata.name !== made.metadata.name);
    if (other)
      throw refuse(
        request,
        `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
      );
  },
};

interface Ranked {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

function setPriority(request: AdmissionRequest, { spec }: Draft<Pod>, view: ClusterView): void {
  const ranked = setNumber(request, spec, "pod", view);
  if (spec.preemptionPolicy && spec.preemptionPolicy !== ranked.preemptionPolicy)
    throw refuse(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) ${byClass("pod")} ${ranked.preemptionPolicy} from the given PriorityClass name`,
    );
  spec.preemptionPolicy = ranked.preemptionPolicy;
}

function setGroupPriority(request: AdmissionRequest, { spec }: Draft<PodGroup>, view: ClusterView): void {
  setNumber(request, spec, "pod group", view);
}

function setNumber(
  request: AdmissionRequest,
  spec: { priorityClassName?: string; priority?: number },
  what: string,
  view: ClusterView,
): Ranked {
  const ranked = rankOf(request, spec.priorityClassName ?? "", view);
  if (spec.priority !== undefined && spec.priority !== ranked.value)
    throw refuse(
      request,
      `the integer value of priority (${spec.priority}) ${byClass(what)} ${ranked.value} from the given PriorityClass name`,
    );
  if (ranked.name) spec.priorityClassName = ranked.name;
  spec.priority = ranked.value;
  return ranked;
}

function rankOf(request: AdmissionRequest, name: string, view: ClusterView): Ranked {
  const found = name ? view.get(priorityclasses, "", name) : defaultClass(view);
  if (!found && name) throw refuse(request, `no PriorityClass with name ${name} was found`);
  return {
    name: found?.metadata.name ?? "",
    value: found?.value ?? 0,
    preemptionPolicy: found?.preemptionPolicy ?? "PreemptLowerPriority",
  };
}

/** Should there ever be two defaults, the lower one counts. */
function defaultClass(view: ClusterView): PriorityClass | undefined {
  return view
    .list(priorityclasses)
    .filter((c) => c.globalDefault)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}

/** Who sends a pod back without what was computed for it means no change of it. */
function keepPriority({ spec }: Draft<Pod>, { spec: old }: Pod): void {
  if (spec.priority === undefined && old.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old.preemptionPolicy !== undefined)
    spec.preemptionPolicy = old.preemptionPolicy;
}
