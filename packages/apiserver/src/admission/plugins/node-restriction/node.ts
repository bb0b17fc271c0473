/** A kubelet keeps its own Node, but not the taints and labels by which others decide what may run there. */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { deepEqual } from "@kubets/machinery";
import type { AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";

export function restrictNode(request: AdmissionRequest, node: string): void {
  const { object, old, operation } = request;
  const quoted = JSON.stringify(node);
  if (operation === "CREATE") {
    const labels = forbiddenOf(Object.keys(object?.metadata.labels ?? {}));
    if (labels.length)
      throw refuse(request, `node ${quoted} is not allowed to set the following labels: ${labels.join(", ")}`);
  }
  if (request.name !== node)
    throw refuse(request, `node ${quoted} is not allowed to modify node ${JSON.stringify(request.name)}`);
  if (operation !== "UPDATE") return;
  const [now, before] = [object as unknown as Node, old as Node];
  if (!deepEqual(now.spec?.taints ?? [], before.spec?.taints ?? []))
    throw refuse(request, `node ${quoted} is not allowed to modify taints`);
  const labels = forbiddenOf(changedKeys(now.metadata.labels ?? {}, before.metadata.labels ?? {}));
  if (labels.length) throw refuse(request, `is not allowed to modify labels: ${labels.join(", ")}`);
}

type Labels = Readonly<Record<string, string>>;

const changedKeys = (now: Labels, before: Labels): string[] =>
  [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((key) => now[key] !== before[key]);

const OWN = new Set([
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "beta.kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.kubernetes.io/region",
  "failure-domain.kubernetes.io/zone",
  "kubernetes.io/arch",
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "node.kubernetes.io/instance-type",
  "node.kubernetes.io/windows-build",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);
const OWN_DOMAINS = ["kubelet.kubernetes.io", "node.kubernetes.io"];

const isIn = (namespace: string, domain: string): boolean => namespace === domain || namespace.endsWith(`.${domain}`);

/** Labels of Kubernetes' own domains that are not a kubelet's to set, and those kept for telling nodes apart safely. */
function forbiddenOf(keys: readonly string[]): string[] {
  return keys
    .filter((key) => {
      const namespace = key.includes("/") ? (key.split("/")[0] as string) : "";
      if (isIn(namespace, "node-restriction.kubernetes.io")) return true;
      if (!isIn(namespace, "kubernetes.io") && !isIn(namespace, "k8s.io")) return false;
      return !OWN.has(key) && !OWN_DOMAINS.some((domain) => isIn(namespace, domain));
    })
    .sort();
}
