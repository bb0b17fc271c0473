/** Without it a running pod would be changed into one that its node, which may be of an older release, cannot run. */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { AdmissionPlugin } from "../plugin.ts";
import { refuse } from "../request.ts";

/** What a node must be able to do for a change of one of its pods. */
const FEATURES: Readonly<Record<string, (old: Pod, pod: Pod) => boolean>> = {
  InPlacePodLevelResourcesVerticalScaling: (old, pod) => !deepEqual(old.spec.resources, pod.spec.resources),
};

export const nodeDeclaredFeatureValidator: AdmissionPlugin = {
  name: "NodeDeclaredFeatureValidator",
  handles: (operation, { resource, group }, subresource) =>
    operation === "UPDATE" &&
    (subresource === "resize" || subresource === "") &&
    resource === pods.resource &&
    group === pods.group,
  validate(request, { view }) {
    const [old, pod] = [request.old as Pod, request.object as unknown as Pod];
    const name = pod.spec.nodeName;
    if (!name) return;
    const needed = Object.keys(FEATURES).filter((feature) => FEATURES[feature]?.(old, pod));
    if (needed.length === 0) return;
    const node = view.get(nodes, "", name);
    if (!node) throw refuse(request, `node ${JSON.stringify(name)} not found`);
    const lacking = needed.filter((feature) => !node.status.declaredFeatures?.includes(feature));
    if (lacking.length === 0) return;
    const which = lacking.join(", ");
    throw refuse(
      request,
      `pod update requires features ${which} which are not available on node ${JSON.stringify(name)}`,
    );
  },
};
