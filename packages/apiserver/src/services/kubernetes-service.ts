/**
 * The service by which pods reach the API: `kubernetes` in `default`, with the first address of the range, and this server among its endpoints. Also the
 * default range itself, as an object. Made at start, and made again when it is missing or wrong then.
 */
import { endpoints, endpointslices, servicecidrs, services } from "@kubets/api/generated/refs";
import type { Endpoints } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import type { Client } from "@kubets/client/client";
import { type Cidr, type Clock, isReason } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import { timestamp } from "../write/context.ts";

const NAME = "kubernetes";
const NAMESPACE = "default";
const PORT = 443;

export interface KubernetesService {
  readonly client: Client;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly ranges: readonly Cidr[];
  readonly port: number;
}

export async function ensureDefaultRange({ client, view, clock, ranges }: KubernetesService): Promise<void> {
  if (!view.get(servicecidrs, "", NAME))
    await ignoring(
      "AlreadyExists",
      client.create(servicecidrs, { metadata: { name: NAME }, spec: { cidrs: ranges.map(String) } }),
    );
  const found = view.get(servicecidrs, "", NAME);
  if (!found || found.metadata.deletionTimestamp || found.status?.conditions?.some((c) => c.type === "Ready")) return;
  const message = "Kubernetes default Service CIDR is ready";
  const ready = { type: "Ready", status: "True", reason: "Ready", message, lastTransitionTime: timestamp(clock.now()) };
  await client.patch(
    servicecidrs,
    { name: NAME },
    { type: "merge", body: { status: { conditions: [ready] } } },
    { subresource: "status" },
  );
}

export async function ensureService({ client, view, ranges, port }: KubernetesService): Promise<void> {
  if (view.get(services, NAMESPACE, NAME)) return;
  const address = ranges[0]?.nth(1)?.toString() ?? "";
  await ignoring(
    "AlreadyExists",
    client.create(services, {
      metadata: { name: NAME, namespace: NAMESPACE, labels: { component: "apiserver", provider: NAME } },
      spec: {
        clusterIP: address,
        clusterIPs: [address],
        type: "ClusterIP",
        sessionAffinity: "None",
        ports: [{ name: "https", protocol: "TCP", port: PORT, targetPort: port }],
      },
    }),
  );
}

/** Says in both forms which servers there are. */
export async function ensureEndpoints(
  { client, view, port }: KubernetesService,
  addresses: readonly string[],
): Promise<void> {
  const sorted = [...addresses].sort();
  const ipv6 = sorted[0]?.includes(":") ?? false;
  const wanted: Input<Endpoints> = {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: sorted.map((ip) => ({ ip })), ports: [{ name: "https", port, protocol: "TCP" }] }],
  };
  const found = view.get(endpoints, NAMESPACE, NAME);
  const said = found?.subsets?.[0];
  if (said?.addresses?.map((a) => a.ip).join() !== sorted.join() || said.ports?.[0]?.port !== port)
    await replace(endpoints, found, wanted);

  const slice = view.get(endpointslices, NAMESPACE, NAME);
  const inSlice = slice?.endpoints.flatMap((e) => e.addresses).sort();
  if (inSlice?.join() === sorted.join() && slice?.ports?.[0]?.port === port) return;
  await replace(endpointslices, slice, {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { "kubernetes.io/service-name": NAME } },
    addressType: ipv6 ? "IPv6" : "IPv4",
    endpoints: sorted.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "https", port, protocol: "TCP" }],
  });

  async function replace(
    ref: typeof endpoints | typeof endpointslices,
    present: unknown,
    object: unknown,
  ): Promise<void> {
    const write = present
      ? client.update(ref as typeof endpoints, object as never)
      : client.create(ref as typeof endpoints, object as never);
    await ignoring("AlreadyExists", ignoring("Conflict", write));
  }
}

async function ignoring(reason: string, write: Promise<unknown>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!isReason(error, reason)) throw error;
  });
}
