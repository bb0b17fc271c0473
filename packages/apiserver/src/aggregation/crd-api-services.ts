/** APIServices for the groups and versions of custom resources: made when a definition serves the first, removed with the last. */
import { localApiService } from "@kubets/api/bootstrap/index";
import { apiservices, customresourcedefinitions } from "@kubets/api/generated/refs";
import type { CustomResourceDefinition } from "@kubets/api/generated/types/apiextensions-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger, type Timer } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";

const AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged";
const RETRY_MS = 1000;

interface CrdApiServicesParts {
  readonly served: ServedResources;
  readonly view: ClusterView;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

export class CrdApiServices {
  readonly #parts: CrdApiServicesParts;
  /** By "version.group", the definitions that serve it. */
  readonly #users = new Map<string, Set<string>>();
  readonly #due = new Set<string>();
  #working = false;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(parts: CrdApiServicesParts) {
    this.#parts = parts;
    follow(parts.served, customresourcedefinitions, (name, now, old) => {
      const [before, after] = [namesOf(old), namesOf(now)];
      for (const each of before.difference(after)) this.#users.get(each)?.delete(name);
      for (const each of after) {
        const users = this.#users.get(each);
        if (users) users.add(name);
        else this.#users.set(each, new Set([name]));
      }
      for (const each of before.symmetricDifference(after)) this.#due.add(each);
      this.#work();
    });
    // Somebody may have changed or removed one that is needed; and what is needed no longer may have been left by an earlier run.
    follow(parts.served, apiservices, (name, now, old) => {
      const isOurs = (now ?? old)?.metadata.labels?.[AUTOMANAGED] === "true" || this.#users.has(name);
      if (isOurs && this.#isWanted(name) !== (now !== undefined)) this.#due.add(name);
      this.#work();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  #isWanted(name: string): boolean {
    return (this.#users.get(name)?.size ?? 0) > 0;
  }

  #work(): void {
    if (this.#working || this.#stopped || this.#due.size === 0) return;
    this.#working = true;
    this.#retry?.cancel();
    void this.#drain().finally(() => {
      this.#working = false;
    });
  }

  async #drain(): Promise<void> {
    for (let [name] = this.#due; name !== undefined; [name] = this.#due) {
      this.#due.delete(name);
      try {
        await this.#settle(name);
      } catch (error) {
        if (this.#stopped) return;
        this.#parts.log.warn("an APIService of custom resources could not be written", { apiService: name, error });
        this.#due.add(name);
        this.#retry = this.#parts.clock.after(RETRY_MS, () => this.#work());
        return;
      }
    }
  }

  async #settle(name: string): Promise<void> {
    const { view, client } = this.#parts;
    const there = view.get(apiservices, "", name);
    try {
      if (this.#isWanted(name) && !there) {
        const dot = name.indexOf(".");
        await client.create(apiservices, localApiService(name.slice(dot + 1), name.slice(0, dot), "true"));
      } else if (!this.#isWanted(name) && there?.metadata.labels?.[AUTOMANAGED] === "true") {
        await client.delete(apiservices, { name });
      }
    } catch (error) {
      // Another server did the same.
      if (!isReason(error, "AlreadyExists") && !isReason(error, "NotFound")) throw error;
    }
  }
}

function namesOf(definition: CustomResourceDefinition | undefined): Set<string> {
  if (!definition) return new Set();
  const { group, versions } = definition.spec;
  return new Set(versions.filter(({ served }) => served).map(({ name }) => `${name}.${group}`));
}
