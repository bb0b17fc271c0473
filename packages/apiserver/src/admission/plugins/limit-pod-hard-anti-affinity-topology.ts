/** Without it a pod could keep all others off a whole zone, by an anti-affinity as wide as that. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const HOSTNAME = "kubernetes.io/hostname";

export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: "LimitPodHardAntiAffinityTopology",
  handles: (operation, resource, subresource) =>
    (operation === "CREATE" || operation === "UPDATE") && isWhole(pods, resource, subresource),
  validate(request) {
    const { affinity } = (request.object as unknown as Pod).spec;
    const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const wide = terms.find(({ topologyKey }) => topologyKey !== HOSTNAME);
    if (wide)
      throw refuse(
        request,
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key ${HOSTNAME} is allowed`,
      );
  },
};
