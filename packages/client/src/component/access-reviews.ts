/**
 * What the API server says of those who ask something of another program: whose token it is, and whether they may. Answers are kept for a while.
 */
import { subjectaccessreviews, tokenreviews } from "@kubets/api/generated/refs";
import type { SubjectAccessReview, SubjectAccessReviewSpec } from "@kubets/api/generated/types/authorization-v1";
import type { Clock } from "@kubets/machinery";
import type { Certificate } from "@kubets/wire/x509";
import type { Client } from "../client.ts";

export interface AccessReviewsOptions {
  /** Reviews tokens; without it nobody is known by a token. */
  readonly authentication?: Pick<Client, "create"> | undefined;
  /** Reviews access; without it nobody may. */
  readonly authorization?: Pick<Client, "create"> | undefined;
  readonly clock: Clock;
  readonly keepMs: { readonly token: number; readonly allowed: number; readonly denied: number };
}

export interface ReviewedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export type AccessVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly status: 401 | 403; readonly message: string };

export const ANONYMOUS: ReviewedUser = { username: "system:anonymous", groups: ["system:unauthenticated"] };

type Asked = Pick<SubjectAccessReviewSpec, "resourceAttributes" | "nonResourceAttributes">;

export class AccessReviews {
  readonly #options: AccessReviewsOptions;
  readonly #tokens = new Map<string, Kept<ReviewedUser | undefined>>();
  readonly #verdicts = new Map<string, Kept<boolean>>();

  constructor(options: AccessReviewsOptions) {
    this.#options = options;
  }

  /** Whose token it is; undefined for nobody's. */
  async userOf(token: string): Promise<ReviewedUser | undefined> {
    const { authentication, clock, keepMs } = this.#options;
    if (!authentication) return undefined;
    return await kept(this.#tokens, token, clock, async () => {
      const { status } = await authentication.create(tokenreviews, { spec: { token } });
      const { username = "", uid, groups = [] } = status.user ?? {};
      return [status.authenticated ? { username, groups, ...(uid && { uid }) } : undefined, keepMs.token];
    });
  }

  async allows(user: ReviewedUser, asked: Asked): Promise<boolean> {
    const { authorization, clock, keepMs } = this.#options;
    if (!authorization) return false;
    return await kept(this.#verdicts, JSON.stringify([user, asked]), clock, async () => {
      const { username, groups, uid } = user;
      const review = await authorization.create<SubjectAccessReview>(subjectaccessreviews, {
        spec: { user: username, groups, ...(uid && { uid }), ...asked },
      });
      const { allowed } = review.status;
      return [allowed, allowed ? keepMs.allowed : keepMs.denied];
    });
  }
}

/** Who a client certificate says that one is. */
export const userOfCertificate = ({ commonName, organizations }: Certificate): ReviewedUser => ({
  username: commonName,
  groups: [...organizations, "system:authenticated"],
});

export const bearerToken = (header: string | undefined): string | undefined =>
  /^Bearer (\S+)$/i.exec(header ?? "")?.[1];

const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** What a method is to authorizers; others have `otherwise`. */
export const verbOf = (method: string, otherwise: string): string => VERBS[method] ?? otherwise;

const MOST_KEPT = 1000;

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
