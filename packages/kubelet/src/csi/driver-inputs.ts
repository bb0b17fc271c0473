/** What a driver is handed of the cluster's with a volume: how it was attached, secrets, and tokens of the pod. */
import { secrets, volumeattachments } from "@kubets/api/generated/refs";
import type { Pod, SecretReference } from "@kubets/api/generated/types/core-v1";
import type { CSIDriver } from "@kubets/api/generated/types/storage-v1";
import type { Client } from "@kubets/client/client";
import type { ServiceAccountTokens } from "../volumes/tokens.ts";
import { attachmentName } from "./requests.ts";
import type { Wish } from "./volume-wish.ts";

const TOKENS = "csi.storage.k8s.io/serviceAccount.tokens";

/** What the driver said when the volume was attached to this node. */
export async function attachmentOf(
  { handle, driver }: Wish,
  nodeName: string,
  client: Pick<Client, "get">,
): Promise<Readonly<Record<string, string>>> {
  const name = attachmentName(handle, driver.name, nodeName);
  const { metadata, status } = await client.get(volumeattachments, { name });
  if (!status?.attached || metadata.deletionTimestamp)
    throw new Error(`volume ${handle} is not attached to this node yet (${name})`);
  return status.attachmentMetadata ?? {};
}

export async function secretOf(
  reference: SecretReference | undefined,
  client: Pick<Client, "get">,
): Promise<Record<string, string>> {
  if (!reference?.name) return {};
  const key = { namespace: reference.namespace ?? "", name: reference.name };
  const { data = {} } = await client.get(secrets, key);
  return Object.fromEntries(Object.entries(data).map(([k, value]) => [k, Buffer.from(value, "base64").toString()]));
}

export async function podTokens(
  pod: Pod,
  object: CSIDriver | undefined,
  source: ServiceAccountTokens,
): Promise<Record<string, string>> {
  const wanted = object?.spec.tokenRequests ?? [];
  if (wanted.length === 0) return {};
  const tokens: Record<string, object> = {};
  for (const { audience = "", expirationSeconds = 3600 } of wanted) {
    const found = await source.find(pod, { expirationSeconds, ...(audience && { audience }) });
    tokens[audience] = { token: found.token, expirationTimestamp: found.expirationTimestamp };
  }
  return { [TOKENS]: JSON.stringify(tokens) };
}
