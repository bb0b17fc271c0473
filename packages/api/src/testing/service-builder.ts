/** Services for tests: `service("s").selector({ app: "a" }).port(80, 8080).clusterIP("10.96.0.9").build()`. */
import type { Service, ServicePort, ServiceSpec, ServiceStatus } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { metadataOf } from "./parts.ts";

export const service = (name: string, namespace = "default"): ServiceBuilder => new ServiceBuilder(name, namespace);

export class ServiceBuilder {
  readonly #service: Draft<Service>;

  constructor(name: string, namespace: string) {
    this.#service = {
      kind: "Service",
      apiVersion: "v1",
      metadata: { ...metadataOf(name), namespace },
      spec: { type: "ClusterIP", sessionAffinity: "None", internalTrafficPolicy: "Cluster" },
      status: { loadBalancer: {} },
    };
    this.clusterIP("10.96.0.1");
  }

  selector(selector: Readonly<Record<string, string>>): this {
    return this.spec({ selector });
  }

  labels(labels: Readonly<Record<string, string>>): this {
    this.#service.metadata.labels = { ...this.#service.metadata.labels, ...labels };
    return this;
  }

  annotations(annotations: Readonly<Record<string, string>>): this {
    this.#service.metadata.annotations = { ...this.#service.metadata.annotations, ...annotations };
    return this;
  }

  /** One more port; its target is the same one unless said. */
  port(port: number, targetPort: number | string = port, more: Partial<ServicePort> = {}): this {
    (this.#service.spec.ports ??= []).push({ protocol: "TCP", port, targetPort, ...more });
    return this;
  }

  /** The virtual addresses, or "None". */
  clusterIP(...addresses: [string, ...string[]]): this {
    const families = addresses.map((address) => (address.includes(":") ? "IPv6" : "IPv4"));
    return this.spec({
      clusterIP: addresses[0],
      clusterIPs: addresses,
      ipFamilies: families,
      ipFamilyPolicy: families.length > 1 ? "RequireDualStack" : "SingleStack",
    });
  }

  type(type: string): this {
    return this.spec({ type });
  }

  spec(more: Partial<ServiceSpec>): this {
    Object.assign(this.#service.spec, structuredClone(more));
    return this;
  }

  status(more: Partial<ServiceStatus>): this {
    Object.assign(this.#service.status, structuredClone(more));
    return this;
  }

  build(): Service {
    return structuredClone(this.#service) as Service;
  }
}
