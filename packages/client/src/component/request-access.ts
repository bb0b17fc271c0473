/**
 * Who may ask a component (scheduler, controller manager) for what it serves: known by a client certificate or by a token that the API
 * server vouches for, allowed by what the API server says of that path. Answers are kept for a while.
 * Holds: some paths are open to anyone; without a client nothing else is; system:masters may ask for everything.
 */
import { subjectaccessreviews, tokenreviews } from "@kubets/api/generated/refs";
import type { SubjectAccessReview } from "@kubets/api/generated/types/authorization-v1";
import type { Clock } from "@kubets/machinery";
import type { Exchange } from "@kubets/wire/http";
import type { Client } from "../client.ts";

export interface AccessOptions {
  /** Reviews tokens; without it nobody is known by a token. */
  readonly authentication?: Pick<Client, "create"> | undefined;
  /** Reviews access. */
  readonly authorization?: Pick<Client, "create"> | undefined;
  readonly clock: Clock;
  /** "/healthz", or "/metrics/*" for all below. */
  readonly alwaysAllowPaths: readonly string[];
  readonly keepMs: { readonly token: number; readonly allowed: number; readonly denied: number };
}

interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly status: 401 | 403; readonly message: string };

const ANONYMOUS: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };
const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
const MOST_KEPT = 1000;

export class RequestAccess {
  readonly #options: AccessOptions;
  readonly #tokens = new Map<string, Kept<User | undefined>>();
  readonly #verdicts = new Map<string, Kept<boolean>>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  async check(exchange: Exchange): Promise<Verdict> {
    const path = exchange.url.split("?")[0] as string;
    const user = await this.#authenticate(exchange);
    if (!user) return { allowed: false, status: 401, message: "Unauthorized" };
    const verb = VERBS[exchange.method] ?? exchange.method.toLowerCase();
    if (isOpen(path, this.#options.alwaysAllowPaths) || user.groups.includes("system:masters"))
      return { allowed: true };
    if (await this.#authorize(user, verb, path)) return { allowed: true };
    return { allowed: false, status: 403, message: `forbidden: User "${user.username}" cannot ${verb} path "${path}"` };
  }

  async #authenticate(exchange: Exchange): Promise<User | undefined> {
    const certificate = exchange.peer.certificate();
    if (certificate)
      return { username: certificate.commonName, groups: [...certificate.organizations, "system:authenticated"] };
    const token = /^Bearer (\S+)$/i.exec(exchange.header("authorization") ?? "")?.[1];
    return token ? await this.#review(token) : ANONYMOUS;
  }

  async #review(token: string): Promise<User | undefined> {
    const { authentication, keepMs, clock } = this.#options;
    if (!authentication) return undefined;
    return await kept(this.#tokens, token, clock, async () => {
      const { status } = await authentication.create(tokenreviews, { spec: { token } });
      const { username = "", uid, groups = [] } = status.user ?? {};
      return [status.authenticated ? { username, groups, ...(uid && { uid }) } : undefined, keepMs.token];
    });
  }

  async #authorize(user: User, verb: string, path: string): Promise<boolean> {
    const { authorization, keepMs, clock } = this.#options;
    if (!authorization) return false;
    return await kept(this.#verdicts, `${JSON.stringify(user)} ${verb} ${path}`, clock, async () => {
      const review = await authorization.create<SubjectAccessReview>(subjectaccessreviews, {
        spec: {
          user: user.username,
          groups: user.groups,
          ...(user.uid && { uid: user.uid }),
          nonResourceAttributes: { verb, path },
        },
      });
      const { allowed } = review.status;
      return [allowed, allowed ? keepMs.allowed : keepMs.denied];
    });
  }
}

const isOpen = (path: string, open: readonly string[]): boolean =>
  open.some((each) => (each.endsWith("*") ? path.startsWith(each.slice(0, -1)) : path === each));

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

async function kept<T>(
  map: Map<string, Kept<T>>,
  key: string,
  clock: Clock,
  ask: () => Promise<[T, number]>,
): Promise<T> {
  const now = clock.monotonic();
  const known = map.get(key);
  if (known && known.until > now) return known.value;
  const [value, ms] = await ask();
  if (map.size >= MOST_KEPT) map.clear();
  map.set(key, { value, until: now + ms });
  return value;
}
