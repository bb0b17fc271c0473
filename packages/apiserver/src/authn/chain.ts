/** Asks authenticators in order. Answers that are at hand come back without a promise: most requests wait for nothing. */
import { isReason, unauthorized } from "@kubets/machinery";
import type { Authenticator, Credentials, User } from "./authenticator.ts";
import { UNAUTHENTICATED, withAuthenticated } from "./authenticator.ts";
import { webSocketToken } from "./web-socket-token.ts";

export const ANONYMOUS: User = Object.freeze({ name: "system:anonymous", groups: Object.freeze([UNAUTHENTICATED]) });

/** Whether requests without credentials are taken: all, none, or those to some paths. */
export type AnonymousOptions = boolean | { readonly paths: ReadonlySet<string> };

export class AuthenticatorChain {
  readonly #authenticators: readonly Authenticator[];
  readonly #anonymous: () => AnonymousOptions;

  constructor(
    authenticators: readonly Authenticator[],
    options: { readonly anonymous: AnonymousOptions | (() => AnonymousOptions) },
  ) {
    const { anonymous } = options;
    this.#authenticators = authenticators;
    this.#anonymous = typeof anonymous === "function" ? anonymous : () => anonymous;
  }

  /** A token that one authenticator finds wrong may still be another's; if it is nobody's, the reasons are told together. */
  authenticate(credentials: Credentials, from = 0, reasons: readonly string[] = []): User | Promise<User> {
    let told = reasons;
    for (let i = from; i < this.#authenticators.length; i++) {
      try {
        const found = (this.#authenticators[i] as Authenticator).authenticate(credentials);
        if (found instanceof Promise) return this.#later(found, credentials, i + 1, told);
        if (found) return withAuthenticated(found);
      } catch (error) {
        told = withReason(told, error);
      }
    }
    // A token that nobody knows is wrong; other schemes are as good as nothing.
    if (told.length || bearerToken(credentials) !== undefined || !this.#takesAnonymous(credentials))
      throw Object.assign(unauthorized(), told.some(Boolean) && { cause: told.filter(Boolean).join(", ") });
    return ANONYMOUS;
  }

  #later(
    found: Promise<User | undefined>,
    credentials: Credentials,
    next: number,
    told: readonly string[],
  ): Promise<User> {
    return found.then(
      (user) => (user ? withAuthenticated(user) : this.authenticate(credentials, next, told)),
      (error: unknown) => this.authenticate(credentials, next, withReason(told, error)),
    );
  }

  #takesAnonymous({ url = "" }: Credentials): boolean {
    const anonymous = this.#anonymous();
    return typeof anonymous === "boolean" ? anonymous : anonymous.paths.has(url.split("?")[0] as string);
  }
}

/** Only refusals are gathered; what is broken is thrown on. */
function withReason(reasons: readonly string[], error: unknown): readonly string[] {
  if (!isReason(error, "Unauthorized")) throw error;
  return [...reasons, typeof error.cause === "string" ? error.cause : ""];
}

/** The token of an `Authorization: Bearer` header, or of a WebSocket's protocols. */
export function bearerToken(credentials: Credentials): string | undefined {
  const header = credentials.header("authorization");
  const match = header ? /^bearer +(\S+)\s*$/i.exec(header) : undefined;
  return match?.[1] ?? webSocketToken(credentials);
}
