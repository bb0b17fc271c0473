/** Client certificates: the common name is the user, the organizations are the groups. The TLS layer has verified the chain. */
import type { Certificate } from "@kubets/wire/x509";
import { type Authenticator, type ClientCertificate, type User, withAuthenticated } from "./authenticator.ts";
import { isSignedByAny } from "./front-proxy.ts";

/** `proxies` are the authorities of front proxies: whom those signed is no user. `seen` is told of each certificate that a request comes with. */
export function certificateAuthenticator(
  proxies: readonly Certificate[] = [],
  seen?: (certificate: ClientCertificate) => void,
): Authenticator {
  /** A connection keeps its certificate object, so who it stands for is worked out once. */
  const users = new WeakMap<ClientCertificate, User>();
  return {
    name: "x509",
    authenticate({ peer }) {
      const certificate = peer.certificate();
      if (!certificate?.commonName) return undefined;
      if (proxies.length && isSignedByAny(certificate, proxies)) return undefined;
      seen?.(certificate);
      let user = users.get(certificate);
      if (!user) {
        user = withAuthenticated({ name: certificate.commonName, groups: certificate.organizations });
        users.set(certificate, user);
      }
      return user;
    },
  };
}
