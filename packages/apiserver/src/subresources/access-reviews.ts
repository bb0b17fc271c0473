/** Questions to the authorizers: may this user, or I, do that? */
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from "@kubets/api/generated/types/authorization-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { badRequest, type FieldError, invalid, invalidValue } from "@kubets/machinery";
import type { ApiCall } from "../api-call.ts";
import type { User } from "../authn/authenticator.ts";
import type { AccessAttributes } from "../authz/authorizer.ts";
import { rulesFor } from "../authz/rules.ts";
import { readObject } from "../body.ts";
import { respondValue } from "../respond.ts";
import { ownFieldsOf } from "../write/field-owners.ts";
import { checkNamespace } from "../write/metadata.ts";

type Asked = Pick<SubjectAccessReviewSpec, "resourceAttributes" | "nonResourceAttributes">;

export async function accessReview(call: ApiCall): Promise<void> {
  const review = (await readObject(call)) as unknown as SubjectAccessReview;
  refuse("SubjectAccessReview", [...subjectErrors(review.spec), ...askedErrors(review.spec)]);
  await answer(call, review, userOf(review.spec));
}

export async function localAccessReview(call: ApiCall): Promise<void> {
  const object = await readObject(call);
  checkNamespace(call, object);
  const review = object as unknown as LocalSubjectAccessReview;
  const errors = [...subjectErrors(review.spec), ...askedErrors(review.spec)];
  if (review.metadata.namespace && review.spec.resourceAttributes?.namespace !== review.metadata.namespace)
    errors.push(
      invalidValue(
        "spec.resourceAttributes.namespace",
        review.spec.resourceAttributes?.namespace ?? "",
        "must match metadata.namespace",
      ),
    );
  refuse("LocalSubjectAccessReview", errors);
  await answer(call, review, userOf(review.spec));
}

export async function selfAccessReview(call: ApiCall): Promise<void> {
  const review = (await readObject(call)) as unknown as SelfSubjectAccessReview;
  refuse("SelfSubjectAccessReview", askedErrors(review.spec));
  await answer(call, review, call.user);
}

export async function selfRulesReview(call: ApiCall): Promise<void> {
  const review = (await readObject(call)) as unknown as { spec: { namespace?: string }; metadata: object };
  if (!review.spec.namespace) throw badRequest("no namespace on request");
  const status = rulesFor(call.server, call.user, review.spec.namespace);
  respondValue(call, 201, {
    kind: "SelfSubjectRulesReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec: {},
    status,
  });
}

async function answer(call: ApiCall, review: { readonly spec: Asked }, user: User): Promise<void> {
  ownFieldsOf(call, call.resource.definition, review as unknown as Draft<KubeObject>);
  const decision = await call.server.authorizers.authorize({
    ...attributesOf(review.spec, user),
    deadline: call.exchange.deadline,
  });
  const { kind } = call.resource.definition;
  const metadata = (review as unknown as { metadata: { namespace?: string; managedFields?: unknown } }).metadata;
  respondValue(call, 201, {
    kind,
    apiVersion: "authorization.k8s.io/v1",
    metadata,
    spec: review.spec,
    status: {
      allowed: decision.verdict === "allow",
      ...(decision.verdict === "deny" && { denied: true }),
      ...(decision.why && { reason: decision.why }),
    },
  });
}

function attributesOf({ resourceAttributes: r, nonResourceAttributes: n }: Asked, user: User): AccessAttributes {
  return {
    user,
    verb: r?.verb ?? n?.verb ?? "",
    isResource: r !== undefined,
    namespace: r?.namespace ?? "",
    group: r?.group ?? "",
    version: r?.version || "*",
    resource: r?.resource ?? "",
    subresource: r?.subresource ?? "",
    name: r?.name ?? "",
    path: n?.path ?? "",
  };
}

function userOf({ user, uid, groups, extra }: SubjectAccessReviewSpec): User {
  return { name: user ?? "", ...(uid && { uid }), groups: groups ?? [], ...(extra && { extra }) };
}

function subjectErrors({ user, groups }: SubjectAccessReviewSpec): FieldError[] {
  if (user || groups?.length) return [];
  return [invalidValue("spec.user", user ?? "", "at least one of user or group must be specified")];
}

function askedErrors({ resourceAttributes, nonResourceAttributes }: Asked): FieldError[] {
  if (resourceAttributes && nonResourceAttributes)
    return [
      invalidValue(
        "spec.nonResourceAttributes",
        nonResourceAttributes,
        "cannot be specified in combination with resourceAttributes",
      ),
    ];
  if (resourceAttributes || nonResourceAttributes) return [];
  return [
    invalidValue(
      "spec.resourceAttributes",
      null,
      "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    ),
  ];
}

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length) throw invalid({ group: "authorization.k8s.io", kind }, "", errors);
}
