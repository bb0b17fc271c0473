/** A token for a service account, for as long and for whom it is asked for. */
import { nodes, pods, secrets, serviceaccounts } from "@kubets/api/generated/refs";
import type { TokenRequest } from "@kubets/api/generated/types/authentication-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { structOf } from "@kubets/api/schema";
import { badRequest, conflict, type FieldError, invalid, invalidValue, notFound } from "@kubets/machinery";
import type { ApiCall } from "../api-call.ts";
import { readObject } from "../body.ts";
import { respondValue } from "../respond.ts";
import type { Binding } from "../tokens/service-account-tokens.ts";
import { timestamp } from "../write/context.ts";

const TOKEN_REQUEST = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  schema: structOf("api.authentication.v1.TokenRequest"),
};
const SHORTEST_SECONDS = 600;
const DEFAULT_SECONDS = 3600;
const LONGEST_SECONDS = 2 ** 32;

export async function requestToken(call: ApiCall): Promise<void> {
  const { tokens, view } = call.server;
  if (!tokens)
    throw badRequest("this server makes no tokens: it was started without --service-account-signing-key-file");
  const request = (await readObject(call, TOKEN_REQUEST)) as unknown as TokenRequest;
  const { namespace, name } = call.info;
  const account = view.get(serviceaccounts, namespace, name);
  if (!account) throw notFound({ group: "", resource: "serviceaccounts" }, name);
  const seconds = request.spec.expirationSeconds ?? DEFAULT_SECONDS;
  const errors = validate(seconds);
  if (errors.length) throw invalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, "", errors);
  const audiences = request.spec.audiences?.length ? request.spec.audiences : tokens.issuer.audiences;
  const lifetime = Math.min(seconds, tokens.issuer.longestSeconds);
  const issued = tokens.issue(account, audiences, lifetime, bindingOf(call, account, request));
  respondValue(call, 201, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp(call.server.clock.now()) },
    spec: { audiences, expirationSeconds: lifetime, boundObjectRef: request.spec.boundObjectRef ?? null },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expires) },
  });
}

function validate(seconds: number): FieldError[] {
  const field = "spec.expirationSeconds";
  if (seconds < SHORTEST_SECONDS)
    return [invalidValue(field, seconds, "may not specify a duration less than 10 minutes")];
  return seconds > LONGEST_SECONDS
    ? [invalidValue(field, seconds, "may not specify a duration larger than 2^32 seconds")]
    : [];
}

function bindingOf(call: ApiCall, account: KubeObject, { spec: { boundObjectRef: ref } }: TokenRequest): Binding {
  if (!ref) return {};
  const { view } = call.server;
  const { namespace } = call.info;
  const name = ref.name ?? "";
  const bound = (resource: string, object: KubeObject | undefined) => {
    if (!object) throw notFound({ group: "", resource }, name);
    if (ref.uid && ref.uid !== object.metadata.uid)
      throw conflict(
        { group: "", resource },
        name,
        `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    return { name, uid: object.metadata.uid };
  };
  switch (ref.kind) {
    case "Pod": {
      const pod = view.get(pods, namespace, name) as Pod | undefined;
      const reference = bound("pods", pod);
      if (pod?.spec.serviceAccountName !== account.metadata.name)
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(account.metadata.name)} to pod running with different serviceaccount name.`,
        );
      const node = pod.spec.nodeName ? view.get(nodes, "", pod.spec.nodeName) : undefined;
      return { pod: reference, ...(node && { node: { name: node.metadata.name, uid: node.metadata.uid } }) };
    }
    case "Secret":
      return { secret: bound("secrets", view.get(secrets, namespace, name)) };
    case "Node":
      return { node: bound("nodes", view.get(nodes, "", name)) };
    default:
      throw badRequest(`cannot bind token to object of type ${ref.apiVersion ?? ""}, Kind=${ref.kind ?? ""}`);
  }
}
