/** Client certificates: the common name is the user, the organizations are the groups. The TLS layer has verified the chain. */
import { type Authenticator, type ClientCertificate, type User, withAuthenticated } from "./authenticator.ts";

export function certificateAuthenticator(): Authenticator {
  /** A connection keeps its certificate object, so who it stands for is worked out once. */
  const users = new WeakMap<ClientCertificate, User>();
  return {
    name: "x509",
    authenticate({ peer }) {
      const certificate = peer.certificate();
      if (!certificate?.commonName) return undefined;
      let user = users.get(certificate);
      if (!user) {
        user = withAuthenticated({ name: certificate.commonName, groups: certificate.organizations });
        users.set(certificate, user);
      }
      return user;
    },
  };
}
