/**
 * Who may use the kubelet's API: known by a client certificate or a token that the API server vouches for, allowed by what it says of
 * access to this node. Answers are kept for a while.
 */
import { subjectaccessreviews, tokenreviews } from "@kubets/api/generated/refs";
import type { SubjectAccessReview } from "@kubets/api/generated/types/authorization-v1";
import type { Client } from "@kubets/client/client";
import type { Clock } from "@kubets/machinery";
import type { Exchange } from "@kubets/wire/http";

export interface AccessOptions {
  readonly client: Pick<Client, "create">;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly anonymous: boolean;
  readonly webhook: boolean;
  readonly mode: "AlwaysAllow" | "Webhook";
}

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly status: 401 | 403; readonly message: string };

const KEEP_MS = { token: 120_000, allowed: 300_000, denied: 30_000 };

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #tokens = new Map<string, Kept<User | undefined>>();
  readonly #verdicts = new Map<string, Kept<boolean>>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  async check(exchange: Exchange): Promise<Verdict> {
    const user = await this.#authenticate(exchange);
    if (!user) return { allowed: false, status: 401, message: "Unauthorized" };
    if (this.#options.mode === "AlwaysAllow") return { allowed: true };
    const verb = verbOf(exchange.method);
    const subresources = subresourcesOf(exchange.url);
    for (const subresource of subresources)
      if (await this.#authorize(user, verb, subresource)) return { allowed: true };
    const attempt = `user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}]`;
    return { allowed: false, status: 403, message: `Forbidden (${attempt})` };
  }

  async #authenticate(exchange: Exchange): Promise<User | undefined> {
    const certificate = exchange.peer.certificate();
    if (certificate)
      return { username: certificate.commonName, groups: [...certificate.organizations, "system:authenticated"] };
    const token = /^Bearer (\S+)$/i.exec(exchange.header("authorization") ?? "")?.[1];
    if (token && this.#options.webhook) return await this.#review(token);
    return this.#options.anonymous && !token
      ? { username: "system:anonymous", groups: ["system:unauthenticated"] }
      : undefined;
  }

  async #review(token: string): Promise<User | undefined> {
    return await this.#kept(this.#tokens, token, async () => {
      const { status } = await this.#options.client.create(tokenreviews, { spec: { token } });
      const { username = "", uid, groups = [] } = status.user ?? {};
      return [status.authenticated ? { username, groups, ...(uid && { uid }) } : undefined, KEEP_MS.token];
    });
  }

  async #authorize(user: User, verb: string, subresource: string): Promise<boolean> {
    const { client, nodeName } = this.#options;
    return await this.#kept(this.#verdicts, `${JSON.stringify(user)} ${verb} ${subresource}`, async () => {
      const resourceAttributes = { verb, version: "v1", resource: "nodes", subresource, name: nodeName };
      const review = await client.create<SubjectAccessReview>(subjectaccessreviews, {
        spec: { user: user.username, groups: user.groups, ...(user.uid && { uid: user.uid }), resourceAttributes },
      });
      const allowed = review.status.allowed;
      return [allowed, allowed ? KEEP_MS.allowed : KEEP_MS.denied];
    });
  }

  async #kept<T>(map: Map<string, Kept<T>>, key: string, ask: () => Promise<[T, number]>): Promise<T> {
    const now = this.#options.clock.monotonic();
    const known = map.get(key);
    if (known && known.until > now) return known.value;
    const [value, ms] = await ask();
    if (map.size > 1000) map.clear();
    map.set(key, { value, until: now + ms });
    return value;
  }
}

const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

const verbOf = (method: string): string => VERBS[method] ?? "get";

/** The parts of the node that a path belongs to; any of them is enough. */
export function subresourcesOf(url: string): string[] {
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
