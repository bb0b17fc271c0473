/**
 * Who may use the kubelet's API: known by a client certificate or a token that the API server vouches for, allowed by what it says of
 * access to this node.
 */
import type { Client } from "@kubets/client/client";
import {
  AccessReviews,
  type AccessVerdict,
  ANONYMOUS,
  bearerToken,
  type ReviewedUser,
  userOfCertificate,
  verbOf,
} from "@kubets/client/component/access-reviews";
import type { Clock } from "@kubets/machinery";
import type { Exchange } from "@kubets/wire/http";

interface AccessOptions {
  readonly client: Pick<Client, "create">;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly anonymous: boolean;
  readonly webhook: boolean;
  readonly mode: "AlwaysAllow" | "Webhook";
  /** How long answers of the API server hold. */
  readonly keepMs: { readonly token: number; readonly allowed: number; readonly denied: number };
}

export class Access {
  readonly #options: AccessOptions;
  readonly #reviews: AccessReviews;

  constructor(options: AccessOptions) {
    const { client, clock, webhook, keepMs } = options;
    this.#options = options;
    this.#reviews = new AccessReviews({
      ...(webhook && { authentication: client }),
      authorization: client,
      clock,
      keepMs,
    });
  }

  async check(exchange: Exchange): Promise<AccessVerdict> {
    const { mode, nodeName: name } = this.#options;
    const user = await this.#authenticate(exchange);
    if (!user) return { allowed: false, status: 401, message: "Unauthorized" };
    if (mode === "AlwaysAllow") return { allowed: true };
    const verb = verbOf(exchange.method, "get");
    const subresources = subresourcesOf(exchange.url);
    for (const subresource of subresources) {
      const resourceAttributes = { verb, version: "v1", resource: "nodes", subresource, name };
      if (await this.#reviews.allows(user, { resourceAttributes })) return { allowed: true };
    }
    const attempt = `user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}]`;
    return { allowed: false, status: 403, message: `Forbidden (${attempt})` };
  }

  async #authenticate(exchange: Exchange): Promise<ReviewedUser | undefined> {
    const certificate = exchange.peer.certificate();
    if (certificate) return userOfCertificate(certificate);
    const token = bearerToken(exchange.header("authorization"));
    if (token) return await this.#reviews.userOf(token);
    return this.#options.anonymous ? ANONYMOUS : undefined;
  }
}

/** The parts of the node that a path belongs to; any of them is enough. */
function subresourcesOf(url: string): string[] {
  const path = url.split("?")[0] as string;
  const is = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`);
  if (is("/stats")) return ["stats"];
  if (is("/metrics")) return ["metrics"];
  if (is("/logs")) return ["log"];
  if (is("/checkpoint")) return ["checkpoint"];
  if (is("/healthz")) return ["healthz", "proxy"];
  if (is("/configz")) return ["configz", "proxy"];
  if (is("/pods") || is("/runningpods")) return ["pods", "proxy"];
  return ["proxy"];
}
