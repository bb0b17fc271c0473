/** Without it a pod would be thrown off its node at the first missed heartbeat; with it, it stays five minutes, unless it says otherwise. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole } from "../request.ts";

const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

export function defaultTolerationSeconds(seconds = 300): AdmissionPlugin {
  return {
    name: "DefaultTolerationSeconds",
    handles: (operation, resource, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") && isWhole(pods, resource, subresource),
    mutate({ object }) {
      const { spec } = object as unknown as Draft<Pod>;
      const said = spec.tolerations ?? [];
      const bears = (taint: string) =>
        said.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === "NoExecute"));
      const missing = TAINTS.filter((taint) => !bears(taint));
      if (missing.length === 0) return;
      spec.tolerations = [
        ...said,
        ...missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: seconds })),
      ];
    },
  };
}
