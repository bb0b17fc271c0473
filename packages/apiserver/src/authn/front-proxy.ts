/**
 * Requests that a proxy in front has authenticated: it shows a certificate of authorities of its own, and names the user in headers. From anybody
 * else those headers mean nothing.
 */
import { unauthorized } from "@kubets/machinery";
import { type Certificate, isIssuedBy } from "@kubets/wire/x509";
import type { Authenticator, ClientCertificate, Credentials, User } from "./authenticator.ts";
import { headerLines, unescapedKey } from "./header-lines.ts";

export interface FrontProxyOptions {
  readonly authorities: readonly Certificate[];
  /** Common names of proxies; any that the authorities signed when empty. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

export function frontProxyAuthenticator(options: FrontProxyOptions): Authenticator {
  const { allowedNames } = options;
  const groupHeaders = options.groupHeaders.map((name) => name.toLowerCase());
  const prefixes = options.extraPrefixes.map((prefix) => prefix.toLowerCase());
  return {
    name: "front proxy",
    authenticate(credentials) {
      const certificate = credentials.peer.certificate();
      if (!certificate || !isSignedByAny(certificate, options.authorities)) return undefined;
      const name = firstOf(options.usernameHeaders, credentials);
      if (!name) return undefined;
      if (allowedNames.length && !allowedNames.includes(certificate.commonName)) throw unauthorized();
      const lines = headerLines(credentials, groupHeaders);
      const groups = lines.flatMap(([header, value]) => (groupHeaders.includes(header) ? [value] : []));
      const extra: Record<string, string[]> = {};
      for (const [header, value] of lines) {
        const prefix = prefixes.find((it) => header.startsWith(it));
        if (prefix !== undefined) (extra[unescapedKey(header.slice(prefix.length))] ??= []).push(value);
      }
      const uid = firstOf(options.uidHeaders, credentials);
      const user: User = { name, groups, ...(uid && { uid }), ...(Object.keys(extra).length && { extra }) };
      return user;
    },
  };
}

const firstOf = (names: readonly string[], credentials: Credentials): string | undefined =>
  names.map((name) => credentials.header(name.toLowerCase())).find(Boolean);

const signed = new WeakMap<ClientCertificate, boolean>();

/** A connection keeps its certificate, so its signature is looked at once. */
export function isSignedByAny(certificate: ClientCertificate, authorities: readonly Certificate[]): boolean {
  let known = signed.get(certificate);
  if (known === undefined) {
    const whole = certificate as Partial<Certificate>;
    known = whole.der !== undefined && authorities.some((authority) => isIssuedBy(whole as Certificate, authority));
    signed.set(certificate, known);
  }
  return known;
}
