/** Without it what a sandbox itself costs would be counted nowhere, and pods would land on nodes that do not know their runtime. */
import { pods, runtimeclasses } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { RuntimeClass } from "@kubets/api/generated/types/node-v1";
import type { Draft } from "@kubets/api/meta";
import { parseQuantity } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";
import { mergeTolerations } from "../tolerations.ts";

type ResourceList = Readonly<Record<string, string>>;

export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(pods, resource, subresource),

  mutate(request, { view }) {
    const pod = request.object as unknown as Draft<Pod>;
    const found = classOf(request, pod as Pod, view);
    if (!found) return;
    setOverhead(request, pod, found);
    setScheduling(request, pod, found);
  },

  validate(request, { view }) {
    const pod = request.object as unknown as Pod;
    const found = classOf(request, pod, view);
    if (pod.spec.overhead && !found?.overhead)
      throw refuse(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  },
};

function classOf(request: AdmissionRequest, { spec }: Pod, view: ClusterView): RuntimeClass | undefined {
  const { runtimeClassName: name } = spec;
  if (!name) return undefined;
  const found = view.get(runtimeclasses, "", name);
  if (!found) throw refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(request: AdmissionRequest, { spec }: Draft<Pod>, { overhead }: RuntimeClass): void {
  if (!overhead) return;
  const fixed = overhead.podFixed ?? {};
  if (spec.overhead && !sameAmounts(spec.overhead, fixed))
    throw refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  spec.overhead = { ...fixed };
}

function setScheduling(request: AdmissionRequest, { spec }: Draft<Pod>, { scheduling }: RuntimeClass): void {
  if (!scheduling) return;
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value)
      throw refuse(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  if (scheduling.tolerations?.length)
    spec.tolerations = mergeTolerations(
      spec.tolerations ?? [],
      clone(scheduling.tolerations) as NonNullable<typeof spec.tolerations>,
    );
}

const sameAmounts = (a: ResourceList, b: ResourceList): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(
    ([name, text]) => b[name] !== undefined && parseQuantity(text).equals(parseQuantity(b[name])),
  );
