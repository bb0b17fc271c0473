/**
 * Who may ask a component (scheduler, controller manager) for what it serves: known by a client certificate or by a token that the API
 * server vouches for, allowed by what the API server says of that path.
 * Holds: some paths are open to anyone; without a client nothing else is; system:masters may ask for everything.
 */
import type { Exchange } from "@kubets/wire/http";
import {
  AccessReviews,
  type AccessReviewsOptions,
  type AccessVerdict,
  ANONYMOUS,
  bearerToken,
  type ReviewedUser,
  userOfCertificate,
  verbOf,
} from "./access-reviews.ts";

interface AccessOptions extends AccessReviewsOptions {
  /** "/healthz", or "/metrics/*" for all below. */
  readonly alwaysAllowPaths: readonly string[];
}

export class RequestAccess {
  readonly #open: readonly string[];
  readonly #reviews: AccessReviews;

  constructor(options: AccessOptions) {
    this.#open = options.alwaysAllowPaths;
    this.#reviews = new AccessReviews(options);
  }

  async check(exchange: Exchange): Promise<AccessVerdict> {
    const path = exchange.url.split("?")[0] as string;
    const user = await this.#authenticate(exchange);
    if (!user) return { allowed: false, status: 401, message: "Unauthorized" };
    const verb = verbOf(exchange.method, exchange.method.toLowerCase());
    if (isOpen(path, this.#open) || user.groups.includes("system:masters")) return { allowed: true };
    if (await this.#reviews.allows(user, { nonResourceAttributes: { verb, path } })) return { allowed: true };
    return { allowed: false, status: 403, message: `forbidden: User "${user.username}" cannot ${verb} path "${path}"` };
  }

  async #authenticate(exchange: Exchange): Promise<ReviewedUser | undefined> {
    const certificate = exchange.peer.certificate();
    if (certificate) return userOfCertificate(certificate);
    const token = bearerToken(exchange.header("authorization"));
    return token ? await this.#reviews.userOf(token) : ANONYMOUS;
  }
}

const isOpen = (path: string, open: readonly string[]): boolean =>
  open.some((each) => (each.endsWith("*") ? path.startsWith(each.slice(0, -1)) : path === each));
