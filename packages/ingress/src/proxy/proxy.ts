/** The proxy: each request meets its rule, is judged by it, and goes its way. What it knows of the cluster is changed under it at any time; a request keeps the route with which it began. */
import { type Incoming, reply } from "../http/incoming.ts";
import { headerOf } from "../http/message.ts";
import type { Failure } from "../http/outgoing.ts";
import { Upstreams } from "../http/upstreams.ts";
import type { Backends } from "../plan/backends.ts";
import { type Decision, decide, portOf } from "../plan/decide.ts";
import { comparablePath } from "../plan/request-path.ts";
import type { Route, RouteTable } from "../plan/route-table.ts";
import type { BasicAuth } from "../plan/settings.ts";
import { Forward, type ForwardParts } from "./forward.ts";

interface ProxyOptions {
  readonly routes: RouteTable;
  readonly backends: Backends;
  /** Whether the password in a header (or its absence) opens the way. */
  readonly isKnown: (auth: BasicAuth, authorization: string | undefined) => boolean | Promise<boolean>;
  /** Where clients who came to this port find TLS. */
  httpsPort(port: number): number;
  readonly random: () => number;
  readonly now: () => number;
  readonly told: ProxyEvents;
}

export interface ProxyEvents {
  /** `route` is undefined when there was none; `seconds` until the answer began. */
  answered(route: Route | undefined, status: number, seconds: number): void;
  failed(route: Route, failure: Failure): void;
}

const TEXT = ["Content-Type", "text/plain; charset=utf-8"];

export class Proxy {
  readonly upstreams = new Upstreams();
  readonly #options: ProxyOptions;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  readonly handle = (incoming: Incoming): void => {
    const began = performance.now();
    const { head, isSecure, peer, port } = incoming;
    const { routes, httpsPort, random, told } = this.#options;
    const path = comparablePath(head.target);
    if (path === undefined) {
      told.answered(undefined, 400, 0);
      reply(incoming, 400, TEXT, "400 Bad Request: the path is malformed\n");
      return;
    }
    const { method, target, host, headers, framing: bodyBytes } = head;
    const name = host
      .slice(0, host.length - portOf(host).length)
      .toLowerCase()
      .replace(/\.$/, "");
    const found = routes.find(name, path);
    const facts = {
      method,
      isSecure,
      host,
      target,
      path,
      peer,
      headers,
      bodyBytes,
      httpsPort: httpsPort(port),
      chance: random(),
    };
    const decision = decide(found, facts);
    if (decision.kind === "answer") {
      told.answered(found.route, decision.status, (performance.now() - began) / 1000);
      reply(incoming, decision.status, [...TEXT, ...decision.headers], decision.text);
    } else this.#pass(incoming, decision, began);
  };

  #pass(incoming: Incoming, decision: Decision & { kind: "pass" }, began: number): void {
    const { route, target, headers } = decision;
    const { backends, now, told } = this.#options;
    const parts: ForwardParts = {
      upstreams: this.upstreams,
      backends,
      now,
      answered: (of, status) => told.answered(of, status, (performance.now() - began) / 1000),
      failed: (of, failure) => told.failed(of, failure),
    };
    const { auth } = route.settings;
    const go = () => new Forward(incoming, route, target, headers, parts).start();
    if (!auth) {
      go();
      return;
    }
    const refuse = () => {
      told.answered(route, 401, (performance.now() - began) / 1000);
      reply(
        incoming,
        401,
        [...TEXT, ...headers, "WWW-Authenticate", `Basic realm="${auth.realm}"`],
        "401 Authorization Required\n",
      );
    };
    const authorization = headerOf(incoming.head.headers, "authorization");
    const verdict = this.#options.isKnown(auth, authorization);
    if (typeof verdict === "boolean") (verdict ? go : refuse)();
    else void verdict.then((known) => (known ? go : refuse)(), refuse);
  }
}
