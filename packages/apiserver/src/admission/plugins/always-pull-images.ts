/** Without it a pod could run a private image that another one's secret has brought to the node. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";

export const alwaysPullImages: AdmissionPlugin = {
  name: "AlwaysPullImages",
  handles: (operation, { resource, group }, subresource) =>
    (operation === "CREATE" || operation === "UPDATE") &&
    resource === pods.resource &&
    group === "" &&
    (subresource === "" || subresource === "ephemeralcontainers"),
  mutate({ object, old }) {
    const { spec } = object as unknown as Draft<Pod>;
    const known = new Set(containersOf((old as Pod | undefined)?.spec).map((c) => c.image));
    for (const container of containersOf(spec))
      if (!old || !known.has(container.image)) container.imagePullPolicy = "Always";
  },
};

const containersOf = (spec: Draft<Pod>["spec"] | Pod["spec"] | undefined) =>
  [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ] as Draft<Pod>["spec"]["containers"];
