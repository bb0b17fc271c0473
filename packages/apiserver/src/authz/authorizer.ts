/**
 * Who may do what. Authorizers are asked in order; the first that allows or denies decides; if none does, the answer is no. `why` is told to
 * the client when the answer is no, so it holds nothing secret.
 */
import type { User } from "../authn/authenticator.ts";
import type { Deadline } from "../front/deadlines.ts";

export interface Authorizer {
  readonly name: string;
  /** What kind of authorizer it is, where its name does not say it. */
  readonly type?: string;
  /** Why it cannot list what somebody may do, where it cannot. */
  readonly unlistable?: string;
  authorize(attributes: AccessAttributes): Decision | Promise<Decision>;
}

export type Decision =
  | { readonly verdict: "allow"; readonly why?: string }
  | { readonly verdict: "deny"; readonly why?: string }
  | { readonly verdict: "noOpinion"; readonly why?: string };

export interface AccessAttributes {
  readonly user: User;
  readonly verb: string;
  readonly isResource: boolean;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Of lists and watches: what they are limited to. */
  readonly fieldSelector?: string;
  /** Of requests that name no resource. */
  readonly path: string;
  /** Until when the answer is waited for. */
  readonly deadline?: Pick<Deadline, "signal"> | undefined;
}

export const ALLOW: Decision = Object.freeze({ verdict: "allow" });
export const NO_OPINION: Decision = Object.freeze({ verdict: "noOpinion" });
