/** Without it a Job whose pods run together or not at all could come to have another number of pods than its gang. */
import { jobs, podgroups } from "@kubets/api/generated/refs";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

export const jobValidation: AdmissionPlugin = {
  name: "JobValidation",
  handles: (operation, resource, subresource) => operation === "UPDATE" && isWhole(jobs, resource, subresource),
  validate(request, { view, served }) {
    const old = request.old as Job;
    if ((request.object as unknown as Job).spec.parallelism === old.spec.parallelism) return;
    if (!served.get(podgroups.group, podgroups.version, podgroups.resource)) return;
    const named = old.spec.template.spec.schedulingGroup?.podGroupName;
    const groups = view
      .list(podgroups, request.namespace)
      .filter(({ metadata }) =>
        named
          ? metadata.name === named
          : metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === old.metadata.uid),
      );
    const gang = groups.find(({ spec }) => spec.schedulingPolicy.gang);
    if (gang)
      throw refuse(
        request,
        `cannot change parallelism for a Job referencing gang-scheduled PodGroup ${JSON.stringify(gang.metadata.name)}`,
      );
  },
};
