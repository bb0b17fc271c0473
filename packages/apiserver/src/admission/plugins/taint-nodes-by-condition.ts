/** Without it pods would be sent to a node that has just registered and is not ready for any. */
import { nodes } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole } from "../request.ts";

const KEY = "node.kubernetes.io/not-ready";
const EFFECT = "NoSchedule";

export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(nodes, resource, subresource),
  mutate({ object }) {
    const { spec } = object as unknown as Draft<Node>;
    if (spec.taints?.some(({ key, effect }) => key === KEY && effect === EFFECT)) return;
    spec.taints = [...(spec.taints ?? []), { key: KEY, effect: EFFECT }];
  },
};
