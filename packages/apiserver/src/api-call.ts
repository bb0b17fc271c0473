/**
 * One request to a resource on its way through a verb: who asks, for what, and how the answer is to look. Verbs answer through it, so that
 * versions, media types, tables and warnings are dealt with in one place (see respond.ts).
 */
import type { KubeObject } from "@kubets/api/meta";
import type { Subresource } from "@kubets/api/resource";
import type { User } from "./authn/authenticator.ts";
import type { CoreExchange } from "./front/core-exchange.ts";
import type { AnswerForm } from "./media.ts";
import type { RequestInfo } from "./request-info.ts";
import type { ServedResource } from "./served-resource.ts";
import type { Server } from "./server-context.ts";
import type { ResourceStore } from "./store/resource-store.ts";

export interface ApiCall {
  readonly server: Server;
  readonly exchange: CoreExchange;
  readonly info: RequestInfo;
  readonly user: User;
  readonly resource: ServedResource;
  readonly subresource: Subresource | undefined;
  readonly form: AnswerForm;
  readonly warnings: string[];
  /** A change that the server makes as a part of another request: admission has seen that one. */
  readonly isPart?: true;
  /** Frees the seats that the request takes, before it is over: a watch does when it has begun. */
  readonly free: (() => void) | undefined;
  /** Whether what is written is too large to be walked over in one turn of the loop (see large.ts). */
  isLarge?: boolean;
  /** Everything is done but the commit. Set from the query, or from delete options in the body. */
  dryRun: boolean;
}

/** The store of a call; only resources that are stored get as far as asking. */
export function storeOf(call: ApiCall): ResourceStore {
  if (!call.resource.store) throw new Error(`${call.info.resource} is stored nowhere`);
  return call.resource.store;
}

/** "namespace/name" or "name". */
export const keyOf = ({ namespace, name, resource }: { namespace: string; name: string; resource?: string }): string =>
  // A request for a namespace names it as the one that it is in, too.
  namespace && resource !== "namespaces" ? `${namespace}/${name}` : name;

/** The object as the request's version shows it. */
export function inVersion(call: { resource: ServedResource }, object: KubeObject): KubeObject {
  const { hub } = call.resource.definition;
  return hub ? (hub.fromHub(object) as KubeObject) : object;
}
