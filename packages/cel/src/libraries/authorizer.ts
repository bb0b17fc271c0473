/**
 * Questions to the API server's authorizer: may this user (or a service account) do that?
 * The variable `authorizer` is an `AuthorizerValue`, made for each request; its `ask` answers at once, since evaluation
 * does not wait. (Whoever can only answer later, asks beforehand or evaluates elsewhere.)
 */
import type { Library } from "../declarations.ts";
import { method } from "../declare.ts";
import { failure } from "../errors.ts";
import { fixed } from "../library-costs.ts";
import { type CelType, celTypes as t } from "../types.ts";
import { Opaque } from "../values.ts";

/** What is asked: about a path, or about a resource. */
export interface AuthorizationQuestion {
  readonly verb: string;
  /** Of a path that belongs to no resource. */
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** In place of the request's user. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  /** Why there is no true answer, if so. */
  readonly error?: string;
}

export type Ask = (question: AuthorizationQuestion) => AuthorizationAnswer;

type About = Omit<AuthorizationQuestion, "verb">;

abstract class Check extends Opaque {
  readonly ask: Ask;
  readonly about: About;
  constructor(ask: Ask, about: About) {
    super();
    this.ask = ask;
    this.about = about;
  }
  equals(other: Opaque): boolean {
    return other === this;
  }
}

/** The value of the variable `authorizer`. */
export class AuthorizerValue extends Check {
  readonly type: CelType = t.authorizer;
  constructor(ask: Ask, about: About = {}) {
    super(ask, about);
  }
}

class PathCheck extends Check {
  readonly type: CelType = t.pathCheck;
}
class GroupCheck extends Check {
  readonly type: CelType = t.groupCheck;
}
/** Also the value of `authorizer.requestResource`. */
export class ResourceCheck extends Check {
  readonly type: CelType = t.resourceCheck;
}

class Decision extends Opaque {
  readonly type: CelType = t.decision;
  readonly answer: AuthorizationAnswer;
  constructor(answer: AuthorizationAnswer) {
    super();
    this.answer = answer;
  }
  equals(other: Opaque): boolean {
    return other === this;
  }
}

const CHECK_COST = 350_000;

const more = (name: "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector") =>
  method(
    name,
    `resourcecheck_${name}`,
    [t.resourceCheck, t.string],
    t.resourceCheck,
    (check: ResourceCheck, text: string) => new ResourceCheck(check.ask, { ...check.about, [name]: text }),
  );

const decide = (check: Check, verb: string): Decision => new Decision(check.ask({ ...check.about, verb }));

function path(authorizer: AuthorizerValue, at: string): PathCheck {
  if (at === "") throw failure("path must not be empty");
  return new PathCheck(authorizer.ask, { ...authorizer.about, path: at });
}

function serviceAccount(authorizer: AuthorizerValue, namespace: string, name: string): AuthorizerValue {
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) throw failure("Invalid service account name");
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) throw failure("Invalid service account namespace");
  return new AuthorizerValue(authorizer.ask, { ...authorizer.about, serviceAccount: { namespace, name } });
}

export const authorizers: Library = {
  name: "authorizer",
  overloads: [
    method("path", "authorizer_path", [t.authorizer, t.string], t.pathCheck, path),
    method("check", "pathcheck_check", [t.pathCheck, t.string], t.decision, decide, fixed(CHECK_COST)),
    method(
      "group",
      "authorizer_group",
      [t.authorizer, t.string],
      t.groupCheck,
      (authorizer: AuthorizerValue, group: string) => new GroupCheck(authorizer.ask, { ...authorizer.about, group }),
    ),
    method(
      "serviceAccount",
      "authorizer_serviceaccount",
      [t.authorizer, t.string, t.string],
      t.authorizer,
      serviceAccount,
    ),
    method(
      "resource",
      "groupcheck_resource",
      [t.groupCheck, t.string],
      t.resourceCheck,
      (check: GroupCheck, resource: string) => new ResourceCheck(check.ask, { ...check.about, resource }),
    ),
    more("subresource"),
    more("namespace"),
    more("name"),
    more("fieldSelector"),
    more("labelSelector"),
    method("check", "resourcecheck_check", [t.resourceCheck, t.string], t.decision, decide, fixed(CHECK_COST)),
    method("allowed", "decision_allowed", [t.decision], t.bool, ({ answer }: Decision) => answer.allowed),
    method("reason", "decision_reason", [t.decision], t.string, ({ answer }: Decision) => answer.reason),
    method("errored", "decision_errored", [t.decision], t.bool, ({ answer }: Decision) => answer.error !== undefined),
    method("error", "decision_error", [t.decision], t.string, ({ answer }: Decision) => answer.error ?? ""),
  ],
};
