/** A token for a service account, for as long and for whom it is asked for. */
import { nodes, pods, secrets, serviceaccounts } from "@kubets/api/generated/refs";
import type { TokenRequest } from "@kubets/api/generated/types/authentication-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { structOf } from "@kubets/api/schema";
import { badRequest, conflict, type FieldError, invalid, invalidValue, notFound } from "@kubets/machinery";
import type { ApiCall } from "../api-call.ts";
import { readObject } from "../body.ts";
import { respondValue } from "../respond.ts";
import type { Binding } from "../tokens/service-account-tokens.ts";
import { admitAction } from "../write/admit.ts";
import { timestamp } from "../write/context.ts";
import { ownFieldsOf } from "../write/field-owners.ts";

const TOKEN_REQUEST = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  schema: structOf("api.authentication.v1.TokenRequest"),
};
const KIND = { group: "authentication.k8s.io", kind: "TokenRequest" };
const SHORTEST_SECONDS = 600;
const DEFAULT_SECONDS = 3600;
const LONGEST_SECONDS = 2 ** 32;

export async function requestToken(call: ApiCall): Promise<void> {
  const { tokens, view } = call.server;
  if (!tokens)
    throw badRequest("this server makes no tokens: it was started without --service-account-signing-key-file");
  const request = (await readObject(call, TOKEN_REQUEST)) as unknown as Draft<TokenRequest>;
  const { namespace, name } = call.info;
  if (request.metadata.namespace && request.metadata.namespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  request.spec.expirationSeconds ??= DEFAULT_SECONDS;
  ownFieldsOf(call, TOKEN_REQUEST, request as unknown as Draft<KubeObject>);
  await admitAction(call, request);
  const account = view.get(serviceaccounts, namespace, name);
  if (!account) throw notFound({ group: "", resource: "serviceaccounts" }, name);
  checkAccount(request as TokenRequest, account);
  const seconds = request.spec.expirationSeconds;
  const errors = validate(seconds);
  if (errors.length) throw invalid(KIND, "", errors);
  const audiences = request.spec.audiences?.length ? request.spec.audiences : tokens.issuer.audiences;
  const lifetime = Math.min(seconds, tokens.issuer.longestSeconds);
  const issued = tokens.issue(account, audiences, lifetime, bindingOf(call, account, request as TokenRequest));
  const { managedFields } = request.metadata;
  respondValue(call, 201, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {
      name,
      namespace,
      uid: account.metadata.uid,
      creationTimestamp: timestamp(call.server.clock.now()),
      ...(managedFields && { managedFields }),
    },
    spec: { audiences, expirationSeconds: lifetime, boundObjectRef: request.spec.boundObjectRef ?? null },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expires) },
  });
}

/** Who says which account they mean must mean the one in the path. */
function checkAccount({ metadata }: TokenRequest, account: KubeObject): void {
  const { name, uid } = account.metadata;
  if (metadata.name && metadata.name !== name)
    throw invalid(KIND, name, [
      invalidValue("metadata.name", metadata.name, "must match the service account name if specified"),
    ]);
  if (metadata.uid && metadata.uid !== uid)
    throw conflict(
      { group: KIND.group, resource: KIND.kind },
      name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`,
    );
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
        { group: "", resource: ref.kind ?? resource },
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
      throw badRequest(`cannot bind token to object of type ${typeOf(ref.apiVersion)}, Kind=${ref.kind ?? ""}`);
  }
}

/** "apps/v1" as it is, "v1" as "/v1". */
const typeOf = (apiVersion = ""): string => (apiVersion.includes("/") ? apiVersion : `/${apiVersion}`);
