/**
 * The core of the server: takes an exchange from a front, finds out who asks for what, asks whether they may, and hands the call to its verb.
 * Whatever goes wrong ends in a Status here; nothing that a client sends ends the process.
 */
import { groupResource } from "@kubets/api/resource";
import {
  badRequest,
  internalError,
  methodNotAllowed,
  methodNotSupported,
  notAcceptable,
  notFound,
  pathNotFound,
  realRandom,
  requestEntityTooLarge,
  StatusError,
} from "@kubets/machinery";
import { BodyTooLargeError, ClientGoneError } from "@kubets/wire/http";
import { proxyToRemote } from "./aggregation/proxy.ts";
import type { ApiCall } from "./api-call.ts";
import type { User } from "./authn/authenticator.ts";
import { ANONYMOUS } from "./authn/chain.ts";
import { impersonate } from "./authn/impersonate.ts";
import { wantedUser } from "./authn/impersonated-user.ts";
import { attributesOf } from "./authz/attributes.ts";
import type { Decision } from "./authz/authorizer.ts";
import { isAllowed, refusal } from "./authz/refusal.ts";
import { componentStatuses } from "./component-statuses.ts";
import type { CoreExchange } from "./front/core-exchange.ts";
import { type AnswerForm, answerForm, type Offer, offerOf } from "./media.ts";
import { respondPageNotFound } from "./nonresource/page-not-found.ts";
import { serveNonResource } from "./nonresource/router.ts";
import { handOn } from "./peers/hand-on.ts";
import { type RequestInfo, readRequestInfo } from "./request-info.ts";
import { logRequest } from "./request-log.ts";
import { respondStatus } from "./respond.ts";
import type { Server } from "./server-context.ts";
import { unreadableStatus } from "./store/unreadable.ts";
import { actions } from "./subresources/index.ts";
import { AnswerBrokenError } from "./subresources/pass-through.ts";
import { verbs } from "./verbs/index.ts";

export class Core {
  readonly #server: Server;
  readonly #offer: Offer;
  readonly #offerOfCustom: Offer;

  constructor(server: Server) {
    this.#server = server;
    this.#offer = offerOf(server, false);
    this.#offerOfCustom = offerOf(server, true);
  }

  serve(exchange: CoreExchange): void {
    try {
      const served = this.#serve(exchange);
      if (served) served.catch((error: unknown) => this.#fail(exchange, error));
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #serve(exchange: CoreExchange): void | Promise<void> {
    const info = readRequestInfo(exchange.method, exchange.url);
    this.#server.metrics.requests.begin(exchange, info, this.#server);
    const id = exchange.header("audit-id") || realRandom.uuid();
    exchange.addHeaders(["audit-id", id]);
    if (this.#server.options.logRequests) logRequest(this.#server.log, exchange, info, id);
    try {
      this.#server.deadlines.begin(exchange, info);
    } catch (error) {
      const { message } = error as StatusError;
      return throwAfter(this.#server.audit?.refused(exchange, info, id, { message }, BAD_REQUEST), error);
    }
    const user = exchange.direct?.user ?? this.#authenticate(exchange, info, id);
    return user instanceof Promise
      ? user.then((known) => this.#known(exchange, info, known, id))
      : this.#known(exchange, info, user, id);
  }

  #authenticate(exchange: CoreExchange, info: RequestInfo, id: string): User | Promise<User> {
    const { authenticators, audit, metrics } = this.#server;
    const began = performance.now();
    const refuse = (error: unknown) => {
      this.#parts(exchange);
      metrics.authentication.refused(exchange.header("authorization") !== undefined, began);
      return throwAfter(audit?.unauthenticated(exchange, info, id), error);
    };
    const known = (user: User) => {
      if (user === ANONYMOUS) this.#parts(exchange);
      metrics.authentication.known(user, began);
      return user;
    };
    try {
      const user = authenticators.authenticate(exchange);
      return user instanceof Promise ? user.then(known, refuse) : known(user);
    } catch (error) {
      return refuse(error);
    }
  }

  /** Streams are cheap for who opens them by the thousand: nobody does whom nobody knows. */
  #parts({ socket }: CoreExchange): void {
    if (socket?.lastOfConnection && this.#server.options.featureEnabled("UnauthenticatedHTTP2DOSMitigation"))
      socket.lastOfConnection();
  }

  #known(exchange: CoreExchange, info: RequestInfo, caller: User, id: string): void | Promise<void> {
    exchange.socket?.askedBy?.(caller.name);
    const begun = this.#server.audit?.begin(exchange, info, caller, id);
    return begun ? begun.then(() => this.#audited(exchange, info, caller)) : this.#audited(exchange, info, caller);
  }

  #audited(exchange: CoreExchange, info: RequestInfo, caller: User): void | Promise<void> {
    const wanted = wantedUser(exchange);
    if (wanted)
      return impersonate(this.#server, attributesOf(info, caller, exchange), caller, wanted).then((impersonated) => {
        exchange.audit?.impersonated(impersonated);
        return this.#admitted(exchange, info, impersonated.user);
      });
    return this.#admitted(exchange, info, caller);
  }

  #admitted(exchange: CoreExchange, info: RequestInfo, user: User): void | Promise<void> {
    return this.#server.gate(exchange, info, user, (free) => this.#authorized(exchange, info, user, free));
  }

  #authorized(
    exchange: CoreExchange,
    info: RequestInfo,
    user: User,
    free: (() => void) | undefined,
  ): void | Promise<void> {
    const attributes = attributesOf(info, user, exchange);
    const { authorizers, metrics } = this.#server;
    const began = performance.now();
    const decision = authorizers.authorize(attributes);
    const go = (decided: Decision) => {
      metrics.authorization.decided(decided, began);
      const { why } = decided;
      const allowed = isAllowed(decided);
      exchange.audit?.annotate("authorization.k8s.io/decision", allowed ? "allow" : "forbid");
      exchange.audit?.annotate("authorization.k8s.io/reason", why ?? "");
      if (!allowed) throw refusal(attributes, why);
      return this.#route(exchange, info, user, free);
    };
    return decision instanceof Promise ? decision.then(go) : go(decision);
  }

  #route(exchange: CoreExchange, info: RequestInfo, user: User, free: (() => void) | undefined): void | Promise<void> {
    // Who asks has an answer already: nothing of it was begun yet, and nothing is.
    if (exchange.deadline?.isLate) return;
    this.#server.barrier?.check(info, user);
    const remote = this.#server.aggregation.remotes.ofPath(info.path);
    if (remote) {
      if (info.verb === "watch" || exchange.socket?.upgrade) free?.();
      return proxyToRemote(this.#server, remote, exchange, info, user);
    }
    if (!info.isResource) return serveNonResource(this.#server, exchange, info, user);
    const resource = this.#server.served.get(info.group, info.version, info.resource);
    if (!resource) {
      if (info.resource === "") return serveNonResource(this.#server, exchange, info, user);
      const { served, peers } = this.#server;
      const handedOn = peers && handOn(peers, exchange, info, user, free);
      if (handedOn) return handedOn;
      if (!served.hasGroup(info.group) || served.isCustomGroup(info.group)) return respondPageNotFound(exchange);
      throw pathNotFound();
    }
    const { definition } = resource;
    const isCustom = definition.isCustom === true;
    if (
      definition.namespaced
        ? info.namespace === "" && needsNamespace(info)
        : info.namespace !== "" && definition.resource !== "namespaces"
    ) {
      if (isCustom) return respondPageNotFound(exchange);
      throw definition.namespaced && info.name === "" && info.namespace === "" ? methodNotAllowed() : pathNotFound();
    }
    if (definition.deprecation) {
      exchange.audit?.annotate("k8s.io/deprecated", "true");
      this.#server.metrics.requests.deprecated(info, definition.deprecation);
    }
    const subresource = info.subresource === "" ? undefined : definition.subresources?.[info.subresource];
    if (info.subresource !== "" && !subresource)
      throw isCustom ? notFound(groupResource(definition), info.name) : pathNotFound();
    const call: ApiCall = {
      server: this.#server,
      exchange,
      info,
      user,
      resource,
      subresource,
      form: formOf(exchange, info, isCustom ? this.#offerOfCustom : this.#offer),
      free,
      warnings: definition.deprecation ? [definition.deprecation] : [],
      dryRun: info.query.has("dryRun"),
    };
    return this.#run(call);
  }

  /** Whatever is refused is told with what the client was warned of before. */
  #run(call: ApiCall): void | Promise<void> {
    const refuse = (error: unknown) => this.#fail(call.exchange, error, call);
    this.#server.deadlines.work(call.exchange, refuse);
    try {
      return dispatch(call)?.catch(refuse);
    } catch (error) {
      refuse(error);
    }
  }

  #fail(exchange: CoreExchange, error: unknown, call?: ApiCall): void {
    let status = error;
    if (error instanceof ClientGoneError) {
      if (exchange.deadline?.meet() !== false) exchange.onAnswer?.(CLIENT_GONE, 0);
      return exchange.deadline?.lift();
    }
    if (error instanceof AnswerBrokenError) {
      if (exchange.deadline?.isLate) return exchange.deadline.wentOn("panic");
      const info = readRequestInfo(exchange.method, exchange.url);
      return this.#server.metrics.requests.aborted(exchange, info, this.#server);
    }
    if (error instanceof BodyTooLargeError)
      status = requestEntityTooLarge(`Request entity too large: limit is ${error.limit}`);
    status =
      unreadableStatus(status, this.#server.options.featureEnabled("AllowUnsafeMalformedObjectDeletion")) ?? status;
    if (!(status instanceof StatusError)) {
      this.#server.log.error("a request failed", {
        method: exchange.method,
        url: exchange.url,
        error,
        stack: (error as Error)?.stack,
      });
      if (exchange.deadline?.isLate) return exchange.deadline.wentOn("panic");
      exchange.audit?.panic(String(error));
      status = internalError(error);
    }
    if (exchange.deadline?.isLate) return exchange.deadline.wentOn("error");
    try {
      respondStatus(exchange, call?.form ?? formOfError(exchange, this.#offer), status as StatusError, call?.warnings);
    } catch (cause) {
      this.#server.log.debug("an error could not be answered", { url: exchange.url, error: cause });
    }
  }
}

/** What is refused goes out when the audit has heard of it. */
function throwAfter(told: Promise<boolean> | boolean | undefined, error: unknown): Promise<never> {
  if (!(told instanceof Promise)) throw error;
  return told.then(() => {
    throw error;
  });
}

function dispatch(call: ApiCall): void | Promise<void> {
  const { info, resource, subresource } = call;
  const { verb } = info;
  if (subresource?.type === "scale" || subresource?.type === "action" || subresource?.type === "connect") {
    const action = actions[`${resource.definition.resource}/${info.subresource}`] ?? actions[`*/${info.subresource}`];
    if (!action) throw pathNotFound();
    const verbsOfAction: readonly string[] = subresource.type === "scale" ? OF_PARTS : subresource.verbs;
    // A proxy passes on whatever method it is given.
    if (info.subresource !== "proxy" && !verbsOfAction.includes(verb)) throw methodNotAllowed();
    return action(call);
  }
  const allowed: readonly string[] = subresource ? (subresource.verbs ?? OF_PARTS) : resource.definition.verbs;
  const review = resource.store ? undefined : actions[resource.definition.resource];
  if (review) {
    if (info.name !== "") throw pathNotFound();
    if (verb !== "create") throw methodNotAllowed();
    if (call.form.as) throw notAcceptable(ONLY_OBJECTS);
    return review(call);
  }
  // There is no other kind that is computed.
  const run = (resource.definition.isComputed ? componentStatuses : verbs)[verb];
  if (!run || !allowed.includes(verb)) throw notAllowed(call, allowed);
  if (info.name === "" && NAMED.includes(verb))
    throw resource.definition.isCustom ? badRequest("name must be provided") : methodNotAllowed();
  if (info.name !== "" && verb === "create" && !subresource) throw methodNotAllowed();
  return run(call);
}

/** How requests are counted whose client left before they were whole. */
const CLIENT_GONE = 499;
const BAD_REQUEST = 400;

/** Reviews are shown as they are, never as tables. */
const ONLY_OBJECTS =
  "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";

/** What is done to one object, and never to a collection. */
const NAMED = ["patch", "update"];

/** What parts of objects, and scales, are asked and told. */
const OF_PARTS = ["get", "patch", "update"];

/** A path that is not served with this method; custom resources, and lists that cannot be watched, name the verb. */
function notAllowed({ info, resource }: ApiCall, allowed: readonly string[]): StatusError {
  const isRouted = resource.definition.isCustom || (info.verb === "watch" && allowed.includes("list"));
  return isRouted ? methodNotSupported({ group: info.group, resource: info.resource }, info.verb) : methodNotAllowed();
}

/** Errors are told in the form that was asked for, if it can be. */
function formOfError(exchange: CoreExchange, offer: Offer): AnswerForm | undefined {
  try {
    return answerForm(exchange.header("accept"), exchange.header("user-agent"), null, offer);
  } catch {
    return undefined;
  }
}

/** Only lists and watches go across namespaces. */
const needsNamespace = ({ verb }: RequestInfo) => verb !== "list" && verb !== "watch";

function formOf(exchange: CoreExchange, info: RequestInfo, offer: Offer): AnswerForm {
  return answerForm(exchange.header("accept"), exchange.header("user-agent"), info.query.get("pretty"), offer);
}
