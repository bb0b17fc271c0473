/**
 * Fills Secrets that ask for a token of a service account, the old way: a token that does not expire and lives as long as its Secret.
 * Owns: the data of Secrets of type kubernetes.io/service-account-token. Watches: Secrets, service accounts.
 * Holds: a Secret whose account is gone, or is another of its name, goes too.
 */
import type { KeyObject } from "node:crypto";
import { secrets, serviceaccounts } from "@kubets/api/generated/refs";
import type { Secret, ServiceAccount } from "@kubets/api/generated/types/core-v1";
import { type Client, type Controller, keyOf, on, onRelated } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { tokenSigner } from "@kubets/wire/jwt";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";

const TYPE = "kubernetes.io/service-account-token";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";
const BY_ACCOUNT = "service-account";

const accountOf = ({ type, metadata }: Secret): readonly string[] => {
  const name = metadata.annotations?.[ACCOUNT_NAME];
  return type === TYPE && name ? [`${metadata.namespace}/${name}`] : [];
};

interface TokenControllerOptions {
  readonly serviceAccountKey: KeyObject;
  readonly rootCa?: string;
}

export function serviceAccountTokens({ serviceAccountKey, rootCa }: TokenControllerOptions): Controller {
  const signer = tokenSigner(serviceAccountKey);

  /** Nothing when all is there. */
  function filled(secret: Secret, account: ServiceAccount): Secret | undefined {
    const { namespace, name } = secret.metadata;
    const text = (value: string) => Buffer.from(value).toString("base64");
    const data: Record<string, string> = { ...secret.data, namespace: text(namespace) };
    if (rootCa) data["ca.crt"] = text(rootCa);
    if (!data.token) {
      const claims = {
        iss: "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": namespace,
        "kubernetes.io/serviceaccount/secret.name": name,
        "kubernetes.io/serviceaccount/service-account.name": account.metadata.name,
        "kubernetes.io/serviceaccount/service-account.uid": account.metadata.uid,
        sub: `system:serviceaccount:${namespace}:${account.metadata.name}`,
      };
      data.token = text(signer.sign(claims));
    }
    const annotations = { ...secret.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid };
    const same =
      Object.entries(data).every(([key, value]) => secret.data?.[key] === value) &&
      secret.metadata.annotations?.[ACCOUNT_UID] === account.metadata.uid;
    return same ? undefined : { ...secret, metadata: { ...secret.metadata, annotations }, data };
  }

  return {
    name: "serviceaccount-token",
    watches: [
      on(secrets),
      onRelated(serviceaccounts, (account, _, { cache }) =>
        cache.informer(secrets).indexed(BY_ACCOUNT, keyOf(account)).map(keyOf),
      ),
    ],
    start: ({ cache }) => cache.informer(secrets).addIndex(BY_ACCOUNT, accountOf),
    async reconcile(key, { cache, client }) {
      const secret = cache.get(secrets, key);
      const account = secret && accountOf(secret)[0];
      if (!secret || !account || secret.metadata.deletionTimestamp) return;
      const uid = secret.metadata.annotations?.[ACCOUNT_UID];
      const isOwn = (each: ServiceAccount | undefined): each is ServiceAccount =>
        each !== undefined && (!uid || each.metadata.uid === uid);
      const cached = cache.get(serviceaccounts, account);
      const found = isOwn(cached) ? cached : await fresh(client, secret);
      if (!isOwn(found)) {
        await unlessGone(client.delete(secrets, keyIn(secret), { preconditions: { uid: secret.metadata.uid } }));
        return;
      }
      const changed = filled(secret, found);
      if (changed) await client.update(secrets, changed);
    },
  };
}

async function fresh(client: Client, { metadata }: Secret): Promise<ServiceAccount | undefined> {
  try {
    return await client.get(serviceaccounts, {
      namespace: metadata.namespace,
      name: metadata.annotations?.[ACCOUNT_NAME] ?? "",
    });
  } catch (error) {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  }
}
