/** Without it a pod that asks for a device would be kept off the nodes that are tainted with that device's name. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole } from "../request.ts";
import { mergeTolerations } from "../tolerations.ts";

export const extendedResourceToleration: AdmissionPlugin = {
  name: "ExtendedResourceToleration",
  handles: (operation, resource, subresource) =>
    (operation === "CREATE" || operation === "UPDATE") && isWhole(pods, resource, subresource),
  mutate({ object }) {
    const { spec } = object as unknown as Draft<Pod>;
    const asked = [...spec.containers, ...(spec.initContainers ?? [])].flatMap((c) =>
      Object.keys(c.resources?.requests ?? {}),
    );
    const devices = [...new Set(asked)].filter(isExtended).sort();
    if (devices.length)
      spec.tolerations = mergeTolerations(
        spec.tolerations ?? [],
        devices.map((key) => ({ key, operator: "Exists" })),
      );
  },
};

const isExtended = (name: string): boolean =>
  name.includes("/") && !/(^|\.)kubernetes\.io\//.test(name) && !name.startsWith("requests.");
