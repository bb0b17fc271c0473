/** Without it one pod could take what a whole namespace was given, or ask for nothing and take all the same. */
import { limitranges, persistentvolumeclaims, pods } from "@kubets/api/generated/refs";
import type { LimitRangeItem, PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { podLimits, podRequests, resourceList } from "@kubets/api/pod/resources";
import type { AdmissionPlugin } from "../../plugin.ts";
import { isWhole, joined, refuse } from "../../request.ts";
import { boundErrors, requestErrors } from "./bounds.ts";
import { giveDefaults } from "./container-defaults.ts";

export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  handles: (operation, resource, subresource) =>
    (operation === "UPDATE" && resource.resource === pods.resource && subresource === "resize") ||
    (operation === "CREATE" && isWhole(pods, resource, subresource)) ||
    ((operation === "CREATE" || operation === "UPDATE") && isWhole(persistentvolumeclaims, resource, subresource)),

  mutate({ resource, subresource, namespace, object }, { view }) {
    if (resource.resource !== pods.resource || subresource !== "") return;
    for (const { spec } of view.list(limitranges, namespace))
      giveDefaults(object as unknown as Draft<Pod>, spec.limits);
  },

  validate(request, { view }) {
    const { object } = request;
    if (!object || object.metadata.deletionTimestamp) return;
    for (const { spec } of view.list(limitranges, request.namespace)) {
      const errors =
        request.resource.resource === pods.resource
          ? podErrors(object as unknown as Pod, spec.limits)
          : claimErrors(object as unknown as PersistentVolumeClaim, spec.limits);
      if (errors.length) throw refuse(request, joined(errors));
    }
  },
};

function podErrors(pod: Pod, limits: readonly LimitRangeItem[]): string[] {
  return limits.flatMap((limit) => {
    if (limit.type === "Container")
      return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap(({ resources }) =>
        boundErrors(limit, resources?.requests ?? {}, resources?.limits ?? {}),
      );
    if (limit.type !== "Pod") return [];
    return boundErrors(limit, resourceList(podRequests({ spec: pod.spec })), resourceList(podLimits(pod)));
  });
}

const claimErrors = ({ spec }: PersistentVolumeClaim, limits: readonly LimitRangeItem[]): string[] =>
  limits.flatMap((limit) =>
    limit.type === "PersistentVolumeClaim" ? requestErrors(limit, spec.resources?.requests ?? {}) : [],
  );
