/**
 * Pods for tests, said in one line: `pod("a").on("node-1").requests({ cpu: "1" }).build()`. What is built is whole, as the server
 * would hand it out: one container, defaults that matter, a uid made of the name. Each `build` gives an object of its own.
 */
import type { Container, Pod, PodSpec, PodStatus, Toleration } from "../generated/types/core-v1.ts";
import type { OwnerReference } from "../generated/types/meta-v1.ts";
import type { Draft } from "../meta.ts";
import { containerOf, metadataOf } from "./parts.ts";

type Resources = Readonly<Record<string, string>>;

export const pod = (name: string, namespace = "default"): PodBuilder => new PodBuilder(name, namespace);

export class PodBuilder {
  readonly #pod: Draft<Pod>;

  constructor(name: string, namespace: string) {
    this.#pod = {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { ...metadataOf(name), namespace },
      spec: {
        containers: [containerOf("c")],
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        dnsPolicy: "ClusterFirst",
        serviceAccountName: "default",
        serviceAccount: "default",
        securityContext: {},
        schedulerName: "default-scheduler",
        enableServiceLinks: true,
      },
      status: { phase: "Pending", qosClass: "BestEffort" },
    };
  }

  /** The node that the pod is bound to. */
  on(node: string): this {
    return this.spec({ nodeName: node });
  }

  uid(uid: string): this {
    this.#pod.metadata.uid = uid;
    return this;
  }

  labels(labels: Readonly<Record<string, string>>): this {
    this.#pod.metadata.labels = { ...this.#pod.metadata.labels, ...labels };
    return this;
  }

  annotations(annotations: Readonly<Record<string, string>>): this {
    this.#pod.metadata.annotations = { ...this.#pod.metadata.annotations, ...annotations };
    return this;
  }

  owner(owner: OwnerReference): this {
    (this.#pod.metadata.ownerReferences ??= []).push({ ...owner });
    return this;
  }

  created(time: string): this {
    this.#pod.metadata.creationTimestamp = time;
    return this;
  }

  /** Being deleted since `time`. */
  deleting(time: string, graceSeconds = 30): this {
    this.#pod.metadata.deletionTimestamp = time;
    this.#pod.metadata.deletionGracePeriodSeconds = graceSeconds;
    return this;
  }

  /** Requests of the last container. */
  requests(requests: Resources): this {
    const container = this.#pod.spec.containers.at(-1);
    if (container) container.resources = { ...container.resources, requests: { ...requests } };
    return this;
  }

  /** Limits of the last container. */
  limits(limits: Resources): this {
    const container = this.#pod.spec.containers.at(-1);
    if (container) container.resources = { ...container.resources, limits: { ...limits } };
    return this;
  }

  /** One more container; the first one called replaces the container that each pod begins with. */
  container(name: string, more: Partial<Container> = {}): this {
    const { spec } = this.#pod;
    const made = containerOf(name, more);
    if (this.#named) spec.containers.push(made);
    else spec.containers = [made];
    this.#named = true;
    return this;
  }
  #named = false;

  /** An init container, or with `restartPolicy: "Always"` a sidecar. */
  initContainer(name: string, more: Partial<Container> = {}): this {
    (this.#pod.spec.initContainers ??= []).push(containerOf(name, more));
    return this;
  }

  hostPort(hostPort: number, protocol = "TCP", hostIP?: string): this {
    const port = { containerPort: hostPort, hostPort, protocol, ...(hostIP ? { hostIP } : {}) };
    const container = this.#pod.spec.containers.at(-1);
    if (container) (container.ports ??= []).push(port);
    return this;
  }

  tolerates(...tolerations: Toleration[]): this {
    (this.#pod.spec.tolerations ??= []).push(...tolerations);
    return this;
  }

  nodeSelector(selector: Readonly<Record<string, string>>): this {
    return this.spec({ nodeSelector: selector });
  }

  priority(priority: number): this {
    return this.spec({ priority });
  }

  phase(phase: string): this {
    return this.status({ phase });
  }

  /** Running, with all containers ready, since `time`. */
  ready(time = "2026-01-01T00:00:00Z"): this {
    return this.status({ phase: "Running", startTime: time }).condition("Ready", "True", time);
  }

  condition(type: string, status: string, lastTransitionTime = "2026-01-01T00:00:00Z"): this {
    (this.#pod.status.conditions ??= []).push({ type, status, lastTransitionTime });
    return this;
  }

  /** Anything of the spec that has no word of its own here. */
  spec(more: Partial<PodSpec>): this {
    Object.assign(this.#pod.spec, structuredClone(more));
    return this;
  }

  status(more: Partial<PodStatus>): this {
    Object.assign(this.#pod.status, structuredClone(more));
    return this;
  }

  build(): Pod {
    return structuredClone(this.#pod) as Pod;
  }
}
