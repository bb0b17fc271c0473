/**
 * Signs the cluster-info that anyone may read, once with each bootstrap token, so that who holds a token can trust it.
 * Owns: the signatures in ConfigMap kube-public/cluster-info. Watches: ConfigMaps, Secrets.
 */
import { createHmac } from "node:crypto";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { type Controller, onRelated } from "@kubets/client";
import { deepEqual } from "@kubets/machinery";
import { type BootstrapToken, isExpired, TOKEN_NAMESPACE, tokenOf } from "../bootstrap-tokens/token.ts";

const NAMESPACE = "kube-public";
const NAME = "cluster-info";
const KEY = `${NAMESPACE}/${NAME}`;
const CONTENT = "kubeconfig";
const SIGNATURE = "jws-kubeconfig-";

/** A JWS of the content, that leaves the content out. */
export function signatureOf(content: string, { id, secret }: Pick<BootstrapToken, "id" | "secret">): string {
  const header = Buffer.from(JSON.stringify({ alg: "HS256", kid: id })).toString("base64url");
  const signed = `${header}.${Buffer.from(content).toString("base64url")}`;
  return `${header}..${createHmac("sha256", `${id}.${secret}`).update(signed).digest("base64url")}`;
}

export const bootstrapSigner = (): Controller => ({
  name: "bootstrap-signer",
  workers: 1,
  watches: [
    onRelated(configmaps, ({ metadata }) => (metadata.namespace === NAMESPACE && metadata.name === NAME ? [KEY] : [])),
    onRelated(secrets, (secret, old) => (tokenOf(secret) || (old && tokenOf(old)) ? [KEY] : [])),
  ],
  async reconcile(_, { cache, client, clock }) {
    const info = cache.get(configmaps, KEY);
    const content = info?.data?.[CONTENT];
    if (!info || content === undefined) return;
    const data = Object.fromEntries(Object.entries(info.data ?? {}).filter(([name]) => !name.startsWith(SIGNATURE)));
    for (const secret of cache.list(secrets, TOKEN_NAMESPACE)) {
      const token = tokenOf(secret);
      if (token?.forSigning && !isExpired(token, clock.now())) data[SIGNATURE + token.id] = signatureOf(content, token);
    }
    if (!deepEqual(data, info.data)) await client.update(configmaps, { ...info, data });
  },
});
