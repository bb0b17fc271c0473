/** What expressions are given of a request. Parts that cost something are made when an expression first names them. */
import { namespaces } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Activation } from "@kubets/cel";
import { requestAttributes } from "../match/request-attributes.ts";
import { isConverted, type Reviewed, review, reviewNow } from "../match/reviewed.ts";
import type { AdmissionContext, AdmissionRequest } from "../plugin.ts";
import { isWhole } from "../request.ts";
import { requestAuthorizer } from "./authorizer.ts";

export async function activationOf(
  request: AdmissionRequest,
  target: ResourceDefinition,
  context: AdmissionContext,
): Promise<Activation> {
  const isLong = request.isLarge || isConverted(request, target);
  let reviewed: Reviewed | undefined = isLong ? await review(request, target) : undefined;
  const shown = () => (reviewed ??= reviewNow(request, target));
  let authorizer: ReturnType<typeof requestAuthorizer> | undefined;
  const asks = () => (authorizer ??= requestAuthorizer(request, context));
  return {
    get object() {
      return shown().object ?? null;
    },
    get oldObject() {
      return shown().old ?? null;
    },
    get request() {
      return requestAttributes(request, target);
    },
    get namespaceObject() {
      return namespaceOf(request, context);
    },
    get authorizer() {
      return asks().authorizer;
    },
    get "authorizer.requestResource"() {
      return asks().requestResource;
    },
  };
}

/** The same with parameters. */
export const withParams = (activation: Activation, params: KubeObject | undefined): Activation =>
  Object.assign(Object.create(activation) as object, { params: params ?? null }) as Activation;

function namespaceOf({ namespace, resource }: AdmissionRequest, { view }: AdmissionContext): unknown {
  if (namespace === "" || isWhole(namespaces, resource, "")) return null;
  return view.get(namespaces, "", namespace) ?? null;
}
