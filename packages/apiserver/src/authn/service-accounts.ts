/** Bearer tokens of service accounts. */
import { unauthorized } from "@kubets/machinery";
import { JwtError } from "@kubets/wire/jwt";
import type { ServiceAccountTokens } from "../tokens/service-account-tokens.ts";
import type { Authenticator } from "./authenticator.ts";
import { bearerToken } from "./chain.ts";

/** Told in the answer of a TokenReview, in the words that clients have seen. */
const REASONS: Readonly<Record<string, string>> = {
  expired: "service account token has expired",
  notYetValid: "service account token is not valid yet",
  signature: "go-jose/go-jose: error in cryptographic primitive",
};

export function serviceAccountAuthenticator(tokens: ServiceAccountTokens): Authenticator {
  return {
    name: "service account",
    authenticate(credentials) {
      const token = bearerToken(credentials);
      if (token === undefined) return undefined;
      try {
        return tokens.read(token, credentials.audiences);
      } catch (error) {
        if (error instanceof JwtError)
          throw Object.assign(unauthorized(), { cause: REASONS[error.reason] ?? error.message });
        throw error;
      }
    },
  };
}
