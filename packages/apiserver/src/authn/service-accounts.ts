/** Bearer tokens of service accounts. */
import { unauthorized } from "@kubets/machinery";
import { JwtError } from "@kubets/wire/jwt";
import type { ServiceAccountTokens } from "../tokens/service-account-tokens.ts";
import type { Authenticator } from "./authenticator.ts";
import { bearerToken } from "./chain.ts";

export function serviceAccountAuthenticator(tokens: ServiceAccountTokens): Authenticator {
  return {
    name: "service account",
    authenticate(credentials) {
      const token = bearerToken(credentials);
      if (token === undefined) return undefined;
      try {
        return tokens.read(token, credentials.audiences);
      } catch (error) {
        if (error instanceof JwtError) throw unauthorized();
        throw error;
      }
    },
  };
}
