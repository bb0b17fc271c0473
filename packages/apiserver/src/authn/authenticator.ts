/**
 * Who sends a request. Authenticators are asked in order; the first that knows the caller answers. One that does not know returns
 * undefined; one that finds credentials of its kind which are wrong (a bad token) throws `unauthorized`.
 */
import type { HeaderSource } from "./header-lines.ts";

export interface Authenticator {
  readonly name: string;
  authenticate(credentials: Credentials): User | undefined | Promise<User | undefined>;
}

export interface Credentials extends HeaderSource {
  readonly peer: {
    readonly address: string;
    /** The certificate of the client, if it showed one that the authorities signed. */
    certificate(): ClientCertificate | undefined;
    /** Why the one that it showed is not good. */
    certificateError?(): string | undefined;
  };
  /** What is asked for, where it is a request. */
  readonly url?: string;
  /** Who the token must be for; the server itself when absent. */
  readonly audiences?: readonly string[];
}

export interface ClientCertificate {
  readonly commonName: string;
  readonly notAfter: number;
  readonly organizations: readonly string[];
  readonly subject: readonly { readonly oid: string; readonly value: string }[];
  readonly der: Uint8Array;
}

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** The audiences of the token that are among those asked for. */
  readonly audiences?: readonly string[];
}

export const AUTHENTICATED = "system:authenticated";
export const UNAUTHENTICATED = "system:unauthenticated";
export const MASTERS = "system:masters";
/** Among what else is told of a user: by which credential they came. */
export const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

/** Everyone who showed who they are is in this group too. */
export function withAuthenticated(user: User): User {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}
