/** Without it a PodGroup could say that it is made by a template that nobody can look up. */
import { podgroups, workloads } from "@kubets/api/generated/refs";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

export const podGroupWorkloadExists: AdmissionPlugin = {
  name: "PodGroupWorkloadExists",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(podgroups, resource, subresource),
  async validate(request, { view }) {
    const ref = (request.object as unknown as PodGroup).spec.podGroupTemplateRef?.workload;
    if (!ref) return;
    const find = () => view.get(workloads, request.namespace, ref.workloadName);
    if (!find()) await view.refresh();
    const workload = find();
    const named = `Workload ${JSON.stringify(ref.workloadName)}`;
    if (!workload) throw refuse(request, `PodGroup rejected: ${named} not found`);
    if (workload.metadata.deletionTimestamp) throw refuse(request, `PodGroup rejected: ${named} is being deleted`);
    if (!workload.spec.podGroupTemplates.some(({ name }) => name === ref.podGroupTemplateName))
      throw refuse(
        request,
        `PodGroup rejected: PodGroupTemplate ${JSON.stringify(ref.podGroupTemplateName)} not found in ${named}`,
      );
  },
};
