/**
 * `kubets certs renew`: an order for everyone in the cluster to have new certificates, whoever has older ones than its time. It stands in a ConfigMap that servers
 * and nodes watch.
 */
import { configmaps } from "@kubets/api/generated/refs";
import type { Cache, Client } from "@kubets/client";
import { formatTime } from "@kubets/machinery";

export const ORDERS_KEY = { namespace: "kube-system", name: "kubets-certificates" } as const;
const FIELD = "renewOlderThan";

export async function orderRenewal(client: Client, now: number): Promise<void> {
  await client.apply(
    configmaps,
    { apiVersion: "v1", kind: "ConfigMap", metadata: ORDERS_KEY, data: { [FIELD]: formatTime(now) } },
    { fieldManager: "kubets-certs", force: true },
  );
}

/** Tells of the order that stands, and of each new one, by its time. */
export function followOrders(cache: Pick<Cache, "informer">, obey: (time: number) => void): void {
  const selection = { namespace: ORDERS_KEY.namespace, fieldSelector: `metadata.name=${ORDERS_KEY.name}` };
  const look = ({ data }: { readonly data?: Readonly<Record<string, string>> }) => {
    const time = Date.parse(data?.[FIELD] ?? "");
    if (!Number.isNaN(time)) obey(time);
  };
  cache.informer(configmaps, selection).subscribe({ added: look, changed: look, deleted: () => {} });
}
