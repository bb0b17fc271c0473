/**
 * One request on its way to a server and its answer on the way back.
 * Holds: a server that cannot be reached, or breaks off before it answers, is followed by another one where that is allowed (see retry.ts);
 * what the client no longer waits for is not asked for any longer; neither side is sent more than it takes.
 */
import type { Duplex } from "node:stream";
import { type AnswerHead, type Incoming, reply } from "../http/incoming.ts";
import { type BodySink, type BodySource, type Headers, type ResponseHead } from "../http/message.ts";
import type { Failure, Outgoing, OutgoingHandlers } from "../http/outgoing.ts";
import type { Upstreams } from "../http/upstreams.ts";
import type { Backends, Resolved } from "../plan/backends.ts";
import { addressKey, affinityCookie, chooseAddress } from "../plan/choose.ts";
import { cookieOf } from "../plan/decide.ts";
import { forwardHeaders, withoutCors } from "../plan/forward-headers.ts";
import { mayTryAgain, statusOf } from "../plan/retry.ts";
import type { Route } from "../plan/route-table.ts";
import { splice } from "./splice.ts";

export interface ForwardParts {
  readonly upstreams: Upstreams;
  readonly backends: Backends;
  now(): number;
  /** The answer has begun, or the client has gone (499). */
  answered(route: Route, status: number): void;
  failed(route: Route, failure: Failure): void;
}

const NOBODY: Resolved = { addresses: [], turn: 0 };

export class Forward implements OutgoingHandlers {
  readonly #incoming: Incoming;
  readonly #route: Route;
  readonly #target: string;
  /** For the answer. */
  readonly #extra: Headers;
  readonly #parts: ForwardParts;
  readonly #resolved: Resolved;
  readonly #tried = new Set<string>();
  #attempts = 0;
  #outgoing: Outgoing | undefined;
  #cookie: string | undefined;
  #bodyBegun = false;
  #bodyBytes = 0;
  #settled = false;

  constructor(incoming: Incoming, route: Route, target: string, extra: Headers, parts: ForwardParts) {
    this.#incoming = incoming;
    this.#route = route;
    this.#target = target;
    this.#extra = extra;
    this.#parts = parts;
    this.#resolved = route.backend ? parts.backends.resolve(route.backend, route.settings.byService) : NOBODY;
    const gone = () => this.#gone();
    incoming.onGone = gone;
  }

  start(): void {
    const { settings } = this.#route;
    const { head, peer, port, isSecure } = this.#incoming;
    const { affinity } = settings;
    const sticky = affinity && { affinity, cookie: cookieOf(head.headers, affinity.cookie) };
    const choice = chooseAddress(this.#resolved, this.#tried, sticky);
    if (!choice) {
      this.#refuse(this.#attempts === 0 ? 503 : 502);
      return;
    }
    this.#attempts++;
    this.#cookie = choice.cookie;
    this.#tried.add(addressKey(choice.address));
    const origin = { peer, port, isSecure, host: head.host, prefix: settings.prefix };
    this.#outgoing = this.#parts.upstreams.send(
      { ...choice.address, protocol: settings.protocol, isSecure: settings.isSecure },
      {
        method: head.method,
        target: this.#target,
        host: settings.vhost || head.host,
        headers: forwardHeaders(head.headers, origin),
        framing: head.framing,
        upgrade: head.upgrade,
        serverName: settings.serverName,
      },
      settings,
      this,
    );
  }

  ready(sink: BodySink): void {
    const { body } = this.#incoming;
    if (!body || this.#settled) return;
    const limit = this.#route.settings.bodyBytes;
    const goOn = () => body.resume();
    sink.onReady = goOn;
    this.#bodyBegun = true;
    body.flow({
      data: (chunk) => {
        this.#bodyBytes += chunk.length;
        if (limit > 0 && this.#bodyBytes > limit) this.#tooLarge();
        else if (!sink.write(chunk)) body.pause();
      },
      end: (trailers) => sink.end(trailers),
      failed: () => sink.abort(),
    });
  }

  inform(status: number, headers: Headers): void {
    this.#incoming.inform(status, headers);
  }

  head(head: ResponseHead, body: BodySource): void {
    const sink = this.#incoming.answer(this.#answerHead(head));
    this.#settle(head.status);
    const goOn = () => body.resume();
    sink.onReady = goOn;
    body.flow({
      data: (chunk) => {
        if (!sink.write(chunk)) body.pause();
      },
      end: (trailers) => {
        this.#incoming.onGone = undefined;
        sink.end(trailers);
      },
      failed: () => {
        this.#incoming.onGone = undefined;
        sink.abort();
      },
    });
  }

  switched(head: ResponseHead, connection: Duplex): void {
    this.#incoming.onGone = undefined;
    this.#settle(head.status);
    const answer = this.#answerHead(head);
    const headers = [...answer.headers, "Connection", "upgrade", "Upgrade", head.upgrade];
    splice(this.#incoming.switchTo({ ...answer, headers }), connection, this.#route.settings.readMs);
  }

  failed(failure: Failure): void {
    if (this.#settled) return;
    this.#parts.failed(this.#route, failure);
    const { method } = this.#incoming.head;
    const { tries } = this.#route.settings;
    if (mayTryAgain({ method, failure, bodyBegun: this.#bodyBegun, tried: this.#attempts, tries })) {
      if (failure.kind === "closed" && failure.reused) this.#tried.clear();
      // Everybody was tried: those that come back are no worse than an error.
      if (this.#tried.size >= this.#resolved.addresses.length && this.#attempts < tries) this.#tried.clear();
      this.start();
    } else this.#refuse(statusOf(failure));
  }

  #answerHead({ status, reason, headers, framing }: ResponseHead): AnswerHead {
    const { settings, path } = this.#route;
    if (this.#extra.length === 0 && this.#cookie === undefined) return { status, reason, headers, framing };
    const cookie =
      settings.affinity && this.#cookie !== undefined
        ? [
            "Set-Cookie",
            affinityCookie(settings.affinity, this.#cookie, {
              routePath: path,
              isTls: this.#incoming.isSecure,
              now: this.#parts.now(),
            }),
          ]
        : [];
    const own = this.#extra.length > 0 ? withoutCors(headers) : headers;
    return { status, reason, headers: [...own, ...this.#extra, ...cookie], framing };
  }

  #tooLarge(): void {
    if (this.#settled) return;
    this.#outgoing?.cancel();
    this.#refuse(413);
  }

  #refuse(status: 413 | 502 | 503 | 504): void {
    this.#incoming.onGone = undefined;
    this.#settle(status);
    reply(this.#incoming, status, ["Content-Type", "text/plain", ...this.#extra], `${status} ${TEXTS[status]}\n`);
  }

  #gone(): void {
    this.#outgoing?.cancel();
    if (!this.#settled) this.#settle(CLIENT_GONE);
  }

  #settle(status: number): void {
    this.#settled = true;
    this.#parts.answered(this.#route, status);
  }
}

/** As nginx logs a client that did not wait. */
const CLIENT_GONE = 499;
const TEXTS = {
  413: "Request Entity Too Large",
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};
