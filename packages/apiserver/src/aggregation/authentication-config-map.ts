/** What servers behind this one need in order to believe it: the ConfigMap extension-apiserver-authentication, kept up to date at each start. */
import { configmaps } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { isReason } from "@kubets/machinery";
import type { FrontProxyOptions } from "../authn/front-proxy.ts";

const KEY = { namespace: "kube-system", name: "extension-apiserver-authentication" };

export interface PublishedAuthentication {
  /** PEM of the authorities of client certificates. */
  readonly clientCa?: string;
  readonly frontProxy?: Pick<
    FrontProxyOptions,
    "allowedNames" | "usernameHeaders" | "uidHeaders" | "groupHeaders" | "extraPrefixes"
  > & { readonly ca: string };
}

function authenticationData({ clientCa, frontProxy }: PublishedAuthentication): Record<string, string> {
  return {
    ...(clientCa && { "client-ca-file": clientCa }),
    ...(frontProxy && {
      "requestheader-allowed-names": JSON.stringify(frontProxy.allowedNames),
      "requestheader-client-ca-file": frontProxy.ca,
      "requestheader-extra-headers-prefix": JSON.stringify(frontProxy.extraPrefixes),
      "requestheader-group-headers": JSON.stringify(frontProxy.groupHeaders),
      "requestheader-uid-headers": JSON.stringify(frontProxy.uidHeaders),
      "requestheader-username-headers": JSON.stringify(frontProxy.usernameHeaders),
    }),
  };
}

/** Keys that this server does not know are somebody else's, and stay. */
export async function publishAuthentication(client: Client, published: PublishedAuthentication): Promise<void> {
  const data = authenticationData(published);
  const found = await client.get(configmaps, KEY).catch((error: unknown): ConfigMap | undefined => {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  });
  if (!found) await client.create(configmaps, { metadata: KEY, data });
  else if (Object.entries(data).some(([key, value]) => found.data?.[key] !== value))
    await client.patch(configmaps, KEY, { type: "merge", body: { data } });
}
