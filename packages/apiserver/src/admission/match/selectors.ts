/** Whether the labels of a request's object, and of its namespace, are those that a webhook or policy selects. */
import { namespaces } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import { type LabelSelector, type LabelSelectorObject, labelSelectorOf, notFound } from "@kubets/machinery";
import type { AdmissionRequest, ClusterView } from "../plugin.ts";
import { isWhole } from "../request.ts";
import { labelledObjects } from "./reviewed.ts";

export interface Selectors {
  readonly namespace: LabelSelector;
  readonly object: LabelSelector;
}

export const compileSelectors = (spec: {
  readonly namespaceSelector?: LabelSelectorObject;
  readonly objectSelector?: LabelSelectorObject;
}): Selectors => ({
  namespace: labelSelectorOf(spec.namespaceSelector ?? {}),
  object: labelSelectorOf(spec.objectSelector ?? {}),
});

/** Throws a StatusError when the namespace is not there and it matters. */
export function areSelected({ namespace, object }: Selectors, request: AdmissionRequest, view: ClusterView): boolean {
  if (!object.isEmpty() && !labelledObjects(request).some((each) => hasLabels(object, each))) return false;
  if (namespace.isEmpty()) return true;
  const isNamespace = isWhole(namespaces, request.resource, "");
  const name = isNamespace ? request.name : request.namespace;
  if (name === "" && !isNamespace) return true;
  return namespace.matches(namespaceLabels(request, name, view));
}

function namespaceLabels(request: AdmissionRequest, name: string, view: ClusterView) {
  const { object, operation, resource, subresource } = request;
  // What is written says more of a namespace than what stands there.
  if (isWhole(namespaces, resource, subresource) && operation !== "DELETE") return object?.metadata.labels;
  const found = view.get(namespaces, "", name);
  if (!found) throw notFound({ group: "", resource: "namespaces" }, name);
  return found.metadata.labels;
}

const hasLabels = (selector: LabelSelector, object: unknown): boolean => {
  const { metadata } = (object ?? {}) as Partial<KubeObject>;
  return metadata !== undefined && selector.matches(metadata.labels);
};
