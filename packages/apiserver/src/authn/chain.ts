/** Asks authenticators in order. Answers that are at hand come back without a promise: most requests wait for nothing. */
import { unauthorized } from "@kubets/machinery";
import type { Authenticator, Credentials, User } from "./authenticator.ts";
import { UNAUTHENTICATED, withAuthenticated } from "./authenticator.ts";

export const ANONYMOUS: User = Object.freeze({ name: "system:anonymous", groups: Object.freeze([UNAUTHENTICATED]) });

export class AuthenticatorChain {
  readonly #authenticators: readonly Authenticator[];
  readonly #anonymous: boolean;

  constructor(authenticators: readonly Authenticator[], options: { anonymous: boolean }) {
    this.#authenticators = authenticators;
    this.#anonymous = options.anonymous;
  }

  authenticate(credentials: Credentials, from = 0): User | Promise<User> {
    for (let i = from; i < this.#authenticators.length; i++) {
      const found = (this.#authenticators[i] as Authenticator).authenticate(credentials);
      if (found instanceof Promise)
        return found.then((user) => (user ? withAuthenticated(user) : this.authenticate(credentials, i + 1)));
      if (found) return withAuthenticated(found);
    }
    // A token that nobody knows is wrong; other schemes are as good as nothing.
    if (!this.#anonymous || bearerToken(credentials) !== undefined) throw unauthorized();
    return ANONYMOUS;
  }
}

/** The token of an `Authorization: Bearer` header. */
export function bearerToken(credentials: Credentials): string | undefined {
  const header = credentials.header("authorization");
  if (!header) return undefined;
  const match = /^bearer +(\S+)\s*$/i.exec(header);
  return match?.[1];
}
