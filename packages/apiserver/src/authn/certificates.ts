/** Client certificates: the common name is the user, the organizations are the groups. The TLS layer has verified the chain. */
import type { Authenticator, User } from "./authenticator.ts";
import { withAuthenticated } from "./authenticator.ts";

export function certificateAuthenticator(): Authenticator {
  const known = new Map<string, User>();
  return {
    name: "x509",
    authenticate(credentials) {
      const certificate = credentials.certificate();
      if (!certificate?.commonName) return undefined;
      let user = known.get(certificate.fingerprint);
      if (!user) {
        if (known.size > 10_000) known.clear();
        user = withAuthenticated({ name: certificate.commonName, groups: certificate.organizations });
        known.set(certificate.fingerprint, user);
      }
      return user;
    },
  };
}
