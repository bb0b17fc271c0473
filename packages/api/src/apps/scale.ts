/** The scale of a workload: its replicas, and the selector of its pods as text. */
import { labelSelectorOf } from "@kubets/machinery";
import type { LabelSelector } from "../generated/types/meta-v1.ts";
import type { KubeObject } from "../meta.ts";
import type { Subresource } from "../resource.ts";

type Scalable = KubeObject & {
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector };
  readonly status?: { readonly replicas?: number };
};

export const scaleOf = <T extends Scalable>(): Subresource<T> => ({
  type: "scale",
  replicas: {
    spec: ({ spec }) => spec?.replicas ?? 0,
    status: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => labelSelectorOf(spec?.selector).toString(),
    setSpec: (object, replicas) => {
      const draft = object as { spec?: { replicas?: number } };
      (draft.spec ??= {}).replicas = replicas;
    },
  },
});
