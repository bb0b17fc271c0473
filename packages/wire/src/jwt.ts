/** JSON web tokens: sign, verify, publish keys. */
export type * from "./jwt/claims.ts";
export { type Jwk, jwks, keyId } from "./jwt/key.ts";
export * from "./jwt/token.ts";
