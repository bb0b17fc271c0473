/**
 * The variable `authorizer` of expressions. They do not wait: when an authorizer answers later (a webhook), the evaluation breaks off, and starts again when the
 * answer is there (see evaluation.ts). Answers are kept for the request.
 */
import {
  type Activation,
  type Ask,
  type AuthorizationQuestion,
  AuthorizerValue,
  evaluated,
  ResourceCheck,
} from "@kubets/cel";
import type { User } from "../../authn/authenticator.ts";
import type { AccessAttributes, Decision } from "../../authz/authorizer.ts";
import type { AdmissionContext, AdmissionRequest } from "../plugin.ts";

/** An answer that is not there yet. */
export class PendingAnswer extends Error {
  readonly answer: Promise<unknown>;

  constructor(answer: Promise<unknown>) {
    super("an authorizer has not answered yet");
    this.answer = answer;
  }
}

const answers = new WeakMap<AdmissionRequest, Map<string, Decision>>();

export function requestAuthorizer(request: AdmissionRequest, context: AdmissionContext) {
  const ask: Ask = (question) => {
    const { verdict, why = "" } = answerOf(question, request, context);
    return { allowed: verdict === "allow", reason: why };
  };
  const { resource, subresource, namespace, name } = request;
  const own = {
    group: resource.group,
    resource: resource.resource,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  };
  return authorizerVariables({ ask, own });
}

/** Whom the two variables ask, and about what the second one does. */
interface Questions {
  readonly ask: Ask;
  readonly own: ResourceCheck["about"];
}

export const authorizerVariables = ({ ask, own }: Questions) => ({
  authorizer: evaluated(new AuthorizerValue(ask)),
  requestResource: evaluated(new ResourceCheck(ask, own)),
});

/** The same, from the variables. */
export function questionsOf(activation: Activation): Questions {
  const { ask, about } = (activation["authorizer.requestResource"] as ReturnType<typeof evaluated>)
    .value as ResourceCheck;
  return { ask, own: about };
}

function answerOf(question: AuthorizationQuestion, request: AdmissionRequest, context: AdmissionContext): Decision {
  const known = answers.get(request) ?? new Map<string, Decision>();
  answers.set(request, known);
  const key = JSON.stringify(question);
  const found = known.get(key);
  if (found) return found;
  const asked = context.authorize(attributesOf(question, request.user));
  if (!(asked instanceof Promise)) return asked;
  throw new PendingAnswer(asked.then((decision) => known.set(key, decision)));
}

function attributesOf(question: AuthorizationQuestion, requester: User): AccessAttributes {
  const { verb, path, group = "", resource = "", subresource = "", namespace = "", name = "" } = question;
  return {
    user: question.serviceAccount ? serviceAccountUser(question.serviceAccount) : requester,
    verb,
    isResource: path === undefined,
    path: path ?? "",
    group,
    version: path === undefined ? "*" : "",
    resource,
    subresource,
    namespace,
    name,
    ...(question.fieldSelector && { fieldSelector: question.fieldSelector }),
  };
}

const serviceAccountUser = ({ namespace, name }: { readonly namespace: string; readonly name: string }): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
});
