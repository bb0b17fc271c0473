/** Without it an ingress that names no class would be taken up by no controller, or by all of them. */
import { ingressclasses, ingresses } from "@kubets/api/generated/refs";
import type { Ingress } from "@kubets/api/generated/types/networking-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, newestFirst } from "../request.ts";

const MARK = "ingressclass.kubernetes.io/is-default-class";
const OLD_NAME = "kubernetes.io/ingress.class";

export const defaultIngressClass: AdmissionPlugin = {
  name: "DefaultIngressClass",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(ingresses, resource, subresource),
  mutate({ object }, { view }) {
    const { spec, metadata } = object as unknown as Draft<Ingress>;
    if (spec?.ingressClassName !== undefined || metadata.annotations?.[OLD_NAME] !== undefined) return;
    const [chosen] = view
      .list(ingressclasses)
      .filter((c) => c.metadata.annotations?.[MARK] === "true")
      .sort(newestFirst);
    if (chosen && spec) spec.ingressClassName = chosen.metadata.name;
  },
};
