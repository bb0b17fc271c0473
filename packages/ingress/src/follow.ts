/**
 * Keeps routes, backends and certificates in step with the cluster, by watches.
 * Holds: an ingress is read once for each of its changes; what follows from a change is in force before the next request is looked at; until
 * everything is known, nothing is (a rule that is not known yet must not be said not to exist).
 */
import { endpointslices, ingressclasses, ingresses, secrets, services } from "@kubets/api/generated/refs";
import type { Secret, Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Ingress, IngressClass } from "@kubets/api/generated/types/networking-v1";
import type { KubeObject } from "@kubets/api/meta";
import { type Cache, type Informer, keyOf } from "@kubets/client";
import { Backends } from "./plan/backends.ts";
import { Certificates } from "./plan/certificates.ts";
import { addressKey } from "./plan/choose.ts";
import { type ClassOptions, isOurs } from "./plan/classes.ts";
import { compileIngress } from "./plan/compile.ts";
import { RouteTable } from "./plan/route-table.ts";

export interface FollowOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly classes: ClassOptions;
  /** Addresses ("HOST PORT") that serve no more. */
  readonly forgotten: (addresses: ReadonlySet<string>) => void;
  readonly signal: AbortSignal;
}

/** Of secrets, those that no ingress names are many and large. */
export const SECRETS = { fieldSelector: "type!=kubernetes.io/service-account-token,type!=helm.sh/release.v1" };

export class Following {
  readonly routes = new RouteTable();
  readonly backends = new Backends();
  readonly certificates = new Certificates();
  readonly ready: Promise<void>;
  readonly #options: FollowOptions;
  readonly #ingresses: Informer<Ingress>;
  readonly #classes: Informer<IngressClass>;
  readonly #secrets: Informer<Secret>;
  #isReady = false;

  constructor(options: FollowOptions) {
    const { cache } = options;
    this.#options = options;
    this.#ingresses = cache.informer<Ingress>(ingresses);
    this.#classes = cache.informer<IngressClass>(ingressclasses);
    this.#secrets = cache.informer<Secret>(secrets, SECRETS);
    const ofServices = cache.informer<Service>(services);
    const ofSlices = cache.informer<EndpointSlice>(endpointslices);
    this.#follow(this.#ingresses, (key, ingress) => this.#take(key, ingress));
    this.#follow(this.#classes, () => this.#takeAll());
    this.#follow(ofServices, (key, service) => this.backends.setService(key, service));
    this.#follow(ofSlices, (key, slice, old) => this.#takeSlice(key, slice, old));
    const all = [this.#ingresses, this.#classes, this.#secrets, ofServices, ofSlices];
    this.ready = Promise.all(all.map(({ synced }) => synced)).then(() => {
      this.#isReady = true;
      this.#takeAll();
    });
  }

  secret(key: string): Secret | undefined {
    return this.#secrets.get(key);
  }

  isOurs(ingress: Ingress): boolean {
    return isOurs(ingress, (name) => this.#classes.get(name), this.#options.classes);
  }

  #takeAll(): void {
    for (const ingress of this.#ingresses.list()) this.#take(keyOf(ingress), ingress);
  }

  #take(key: string, ingress: Ingress | undefined): void {
    // Whose it is, its class says.
    if (!this.#isReady) return;
    const before = this.routes.get(key);
    const now = ingress && this.isOurs(ingress) ? compileIngress(ingress) : undefined;
    if (!before && !now) return;
    this.certificates.set(before, now);
    this.routes.set(key, now);
  }

  #takeSlice(key: string, slice: EndpointSlice | undefined, old: EndpointSlice | undefined): void {
    if (old) this.backends.setSlice(key, old, false);
    if (slice) this.backends.setSlice(key, slice, true);
    const gone = addressesIn(old);
    for (const address of addressesIn(slice)) gone.delete(address);
    if (gone.size > 0) this.#options.forgotten(gone);
  }

  #follow<T extends KubeObject>(
    informer: Informer<T>,
    told: (key: string, now: T | undefined, old: T | undefined) => void,
  ): void {
    const subscription = informer.subscribe({
      added: (object) => told(keyOf(object), object, undefined),
      changed: (object, old) => told(keyOf(object), object, old),
      deleted: (object) => told(keyOf(object), undefined, object),
    });
    this.#options.signal.addEventListener("abort", () => subscription.stop(), { once: true });
  }
}

/** Those that are ready. */
function addressesIn(slice: EndpointSlice | undefined): Set<string> {
  const found = new Set<string>();
  for (const { addresses, conditions } of slice?.endpoints ?? [])
    for (const { port } of slice?.ports ?? [])
      if (conditions?.ready !== false && addresses[0] && port) found.add(addressKey({ host: addresses[0], port }));
  return found;
}
