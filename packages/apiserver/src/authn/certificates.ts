/** Client certificates: the common name is the user, the organizations are the groups. The TLS layer has verified the chain. */
import { createHash } from "node:crypto";
import { unauthorized } from "@kubets/machinery";
import type { Certificate } from "@kubets/wire/x509";
import {
  type Authenticator,
  type ClientCertificate,
  CREDENTIAL_ID,
  type User,
  withAuthenticated,
} from "./authenticator.ts";
import { isSignedByAny } from "./front-proxy.ts";

/** The attribute of a subject that is the user's uid. */
const UID = "1.3.6.1.4.1.57683.2";

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
      const wrong = certificate ? undefined : peer.certificateError?.();
      if (wrong) throw Object.assign(unauthorized(), { cause: `the certificate of the client is not good: ${wrong}` });
      if (!certificate?.commonName) return undefined;
      if (proxies.length && isSignedByAny(certificate, proxies)) return undefined;
      seen?.(certificate);
      let user = users.get(certificate);
      if (!user) {
        user = withAuthenticated(userOf(certificate));
        users.set(certificate, user);
      }
      return user;
    },
  };
}

function userOf({ commonName, organizations, subject, der }: ClientCertificate): User {
  const uids = subject.filter(({ oid }) => oid === UID);
  const [uid] = uids;
  if (uids.length > 1 || uid?.value === "")
    throw Object.assign(unauthorized(), { cause: "the certificate must have one uid that is not empty, or none" });
  const fingerprint = createHash("sha256").update(der).digest("hex");
  return {
    name: commonName,
    ...(uid && { uid: uid.value }),
    groups: organizations,
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprint}`] },
  };
}
