/** Questions to the authenticators: whose token is this, and who am I? */
import type { TokenReview } from "@kubets/api/generated/types/authentication-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { badRequest } from "@kubets/machinery";
import type { ApiCall } from "../api-call.ts";
import type { User } from "../authn/authenticator.ts";
import { readObject } from "../body.ts";
import { respondValue } from "../respond.ts";
import { ownFieldsOf } from "../write/field-owners.ts";

export async function tokenReview(call: ApiCall): Promise<void> {
  const review = (await readObject(call)) as unknown as TokenReview;
  if (!review.spec.token) throw badRequest("token is required for TokenReview in authentication");
  ownFieldsOf(call, call.resource.definition, review as unknown as Draft<KubeObject>);
  const status = await statusOf(call, review.spec.token, review.spec.audiences);
  const { kind, apiVersion, metadata, spec } = review;
  respondValue(call, 201, { kind, apiVersion, metadata, spec, status });
}

async function statusOf(call: ApiCall, token: string, audiences: readonly string[] | undefined) {
  const credentials = {
    header: (name: string) => (name === "authorization" ? `Bearer ${token}` : undefined),
    peer: { address: "", certificate: () => undefined },
    ...(audiences?.length && { audiences }),
  };
  try {
    const user = await call.server.authenticators.authenticate(credentials);
    return { authenticated: true, user: userInfo(user), ...(user.audiences && { audiences: user.audiences }) };
  } catch (error) {
    const { message, cause } = error as Error;
    if (message !== "Unauthorized") return { user: {}, error: message };
    return { user: {}, error: typeof cause === "string" ? `[invalid bearer token, ${cause}]` : "invalid bearer token" };
  }
}

export async function selfSubjectReview(call: ApiCall): Promise<void> {
  const review = await readObject(call);
  const { kind, apiVersion } = review;
  const creationTimestamp = new Date(call.server.clock.now()).toISOString().replace(/\.\d+/, "");
  respondValue(call, 201, {
    kind,
    apiVersion,
    metadata: { creationTimestamp },
    status: { userInfo: userInfo(call.user) },
  });
}

function userInfo({ name, uid, groups, extra }: User) {
  return { username: name, ...(uid && { uid }), ...(groups.length && { groups }), ...(extra && { extra }) };
}
