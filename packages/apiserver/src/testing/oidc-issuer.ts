/** An OpenID Connect issuer for tests: HTTPS on loopback, keys that change, tokens of any claims; counts how often its keys are fetched. */
import { constants, createSign, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { ownServingCertificate } from "../serving-certificate.ts";

interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export async function startOidcIssuer() {
  const { key, cert } = ownServingCertificate(
    undefined,
    { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] },
    Date.now(),
  );
  let keys: SigningKey[] = [];
  let fetched = 0;
  const newKey = (kind: "rsa" | "ec" = "rsa") => {
    const pair =
      kind === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    keys = [{ id: `key-${keys.length + 1}-${kind}`, ...pair }];
  };
  newKey();
  const server = createServer({ key, cert }, (request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/.well-known/openid-configuration")
      return response.end(JSON.stringify({ issuer: url(), jwks_uri: `${url()}/keys` }));
    fetched++;
    const published = keys.map(({ id, publicKey }) => ({
      ...publicKey.export({ format: "jwk" }),
      kid: id,
      use: "sig",
    }));
    response.end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url(),
    ca: cert,
    newKey,
    get fetched() {
      return fetched;
    },
    /** Signed by the newest key, unless somebody else's is given. */
    token(claims: object, header: object = {}, by: KeyObject = (keys[0] as SigningKey).privateKey): string {
      const { id, privateKey } = keys[0] as SigningKey;
      const alg = privateKey.asymmetricKeyType === "ec" ? "ES256" : "RS256";
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const content = `${part({ alg, kid: id, ...header })}.${part({ iss: url(), ...claims })}`;
      const signature =
        by.asymmetricKeyType === "ec"
          ? sign("sha256", Buffer.from(content), { key: by, dsaEncoding: "ieee-p1363" })
          : createSign("sha256").update(content).sign({ key: by, padding: constants.RSA_PKCS1_PADDING });
      return `${content}.${signature.toString("base64url")}`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
