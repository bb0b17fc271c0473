/** What the ingress needs of the cluster: its rights, the classes that ingresses name, and the service by which pods reach it. */
import { endpointslices, ingressclasses, services } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { grant } from "./grant.ts";

/** The user as whom it comes. */
export const INGRESS_USER = "system:kubets:ingress";
export const INGRESS_CONTROLLER = "kubets.io/ingress";
const METADATA = { namespace: "kube-system", name: "kubets-ingress" };
const BY = { fieldManager: "kubets", force: true };
const PORTS = [
  { name: "http", port: 80, protocol: "TCP" },
  { name: "https", port: 443, protocol: "TCP" },
] as const;

/** `address`: where it listens. */
export async function startIngressAddon(client: Client, address: string): Promise<void> {
  await grant(client, INGRESS_USER, [
    { apiGroups: [""], resources: ["services", "secrets"], verbs: ["list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: ["list", "watch"] },
    { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["patch"] },
    { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create", "get", "update"] },
  ]);
  // What is written for ingress-nginx finds its class, too.
  await applyClass(client, "kubets", { "ingressclass.kubernetes.io/is-default-class": "true" });
  await applyClass(client, "nginx", {});
  await client.apply(services, { apiVersion: "v1", kind: "Service", metadata: METADATA, spec: { ports: PORTS } }, BY);
  await client.apply(
    endpointslices,
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...METADATA, labels: { "kubernetes.io/service-name": METADATA.name } },
      addressType: "IPv4",
      ports: PORTS,
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
    BY,
  );
}

const applyClass = (client: Client, name: string, annotations: Readonly<Record<string, string>>) =>
  client.apply(
    ingressclasses,
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name, annotations },
      spec: { controller: INGRESS_CONTROLLER },
    },
    BY,
  );
