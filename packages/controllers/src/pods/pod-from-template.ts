/** A pod as a controller makes it: its template, a name to be made by the server, and the owner that controls it. */
import type { Pod, PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { controllerReference } from "@kubets/client";
import { dns1123Subdomain } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";

export type NewPod = Draft<Pick<Pod, "spec">> & {
  kind: "Pod";
  apiVersion: "v1";
  metadata: {
    name?: string;
    generateName?: string;
    namespace: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    finalizers?: string[];
    ownerReferences: ReturnType<typeof controllerReference>[];
  };
};

export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject): NewPod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      generateName: namePrefix(owner.metadata.name),
      namespace: owner.metadata.namespace ?? "",
      labels: { ...labels },
      annotations: { ...annotations },
      ...(finalizers?.length ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: clone(template.spec) as Draft<Pod["spec"]>,
  };
}

/** With a dash, unless what follows it could then be no name. */
export function namePrefix(name: string): string {
  const prefix = `${name}-`;
  return dns1123Subdomain(`${prefix}a`).length === 0 ? prefix : name;
}
