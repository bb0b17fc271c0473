/** Services and slices for tests. */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";

const meta = (namespace: string, name: string, labels: Record<string, string> = {}) => ({
  name,
  namespace,
  uid: `${namespace}/${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  labels,
});

export const service = (namespace: string, name: string, spec: Partial<Service["spec"]>): Service =>
  ({
    kind: "Service",
    apiVersion: "v1",
    metadata: meta(namespace, name),
    spec: { type: "ClusterIP", ...spec },
    status: {},
  }) as Service;

export const slice = (
  of: Service,
  name: string,
  endpoints: EndpointSlice["endpoints"],
  ports: EndpointSlice["ports"],
): EndpointSlice => ({
  kind: "EndpointSlice",
  apiVersion: "discovery.k8s.io/v1",
  metadata: meta(of.metadata.namespace, name, { "kubernetes.io/service-name": of.metadata.name }),
  addressType: "IPv4",
  endpoints,
  ports,
});
