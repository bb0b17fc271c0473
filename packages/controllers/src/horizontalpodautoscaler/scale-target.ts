/** The Scale of what an autoscaler scales: found by kind, read and written through its scale subresource. */
import { parseGroupVersion, type ResourceRef, resourcePath } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";
import { responseError } from "@kubets/client/response-error";
import { discoverResources, kindKey } from "../discovered-resources.ts";

export interface Scale {
  readonly kind: "Scale";
  readonly apiVersion: string;
  readonly metadata: object;
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

const FRESH_MS = 30_000;

/** Kinds to resources, by what the server says that it serves; asked again for a kind that is not known, not more often than it changes. */
export class Kinds {
  readonly #client: Client;
  readonly #now: () => number;
  #known: ReadonlyMap<string, ResourceRef> = new Map();
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(client: Client, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  async resolve(apiVersion: string, kind: string): Promise<ResourceRef> {
    const { group } = parseGroupVersion(apiVersion);
    const find = () =>
      this.#known.get(kindKey(apiVersion, kind)) ??
      [...this.#known.values()].find((ref) => ref.group === group && ref.kind === kind);
    let found = find();
    if (!found && this.#now() - this.#askedAt > FRESH_MS) {
      this.#askedAt = this.#now();
      this.#known = (await discoverResources(this.#client)).byKind;
      found = find();
    }
    if (!found) throw new Error(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`);
    return found;
  }
}

export const readScale = (client: Client, ref: ResourceRef, namespace: string, name: string): Promise<Scale> =>
  send(client, "GET", ref, namespace, name);

export const writeScale = (
  client: Client,
  ref: ResourceRef,
  namespace: string,
  name: string,
  scale: Scale,
): Promise<Scale> => send(client, "PUT", ref, namespace, name, scale);

async function send(
  client: Client,
  method: string,
  ref: ResourceRef,
  namespace: string,
  name: string,
  body?: Scale,
): Promise<Scale> {
  const answer = await client.raw(method, resourcePath(ref, namespace, name, "scale"), body, {
    accept: "application/json",
  });
  if (answer.status >= 300) throw responseError(answer.status, {}, answer.body, { method, resource: ref, name });
  return JSON.parse(new TextDecoder().decode(answer.body)) as Scale;
}
