/** Without it a pod would be asked to grow beyond its node, and wait for ever for what no node of its kind can give. */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podRequests } from "@kubets/api/pod/resources";
import { parseQuantity, zeroQuantity } from "@kubets/machinery";
import type { AdmissionPlugin } from "../plugin.ts";
import { refuse } from "../request.ts";

export const podResizeValidator: AdmissionPlugin = {
  name: "PodResizeValidator",
  handles: (operation, resource, subresource) =>
    operation === "UPDATE" && subresource === "resize" && resource.resource === pods.resource && resource.group === "",
  validate(request, { view }) {
    const { metadata, spec } = request.object as unknown as Pod;
    const { allocatable } = view.get(nodes, "", spec.nodeName ?? "")?.status ?? {};
    if (!allocatable) return;
    const wrong = tooMuch({ metadata, spec } as Pod, allocatable);
    if (wrong.length > 0) throw refuse(request, `node didn't have enough allocatable resources: ${wrong.join("; ")}`);
  },
};

/** What is asked for beyond what the node has for pods: CPU in thousandths. */
export function tooMuch(pod: Pod, allocatable: Readonly<Record<string, string>>): string[] {
  const requests = podRequests(pod);
  return ["cpu", "memory"].flatMap((name) => {
    const wanted = requests.get(name) ?? zeroQuantity;
    const has = parseQuantity(allocatable[name] ?? "0");
    const unit = name === "cpu" ? -3 : 0;
    return wanted.compare(has) > 0
      ? [`${name}, requested: ${wanted.scaled(unit)}, allocatable: ${has.scaled(unit)}`]
      : [];
  });
}
