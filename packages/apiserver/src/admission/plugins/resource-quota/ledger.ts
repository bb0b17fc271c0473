/**
 * Takes usage from quotas, exactly. Writes of one namespace wait for each other: those that come while a taking is under way are evaluated
 * together against what it left, and written as one change of each quota. Other servers are met by compare-and-set, and a lost race starts again
 * from what stands there.
 */
import { afterUpdate } from "@kubets/api/apply/managed-fields";
import { resourcequotas } from "@kubets/api/generated/refs";
import type { Pod, ResourceQuota } from "@kubets/api/generated/types/core-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { type Amounts, ofList } from "@kubets/api/quota/amounts";
import { countsObject } from "@kubets/api/quota/scopes";
import type { Struct } from "@kubets/api/schema";
import { type Clock, internalError, type Quantity } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import type { CachedObject } from "../../../store/cached-object.ts";
import type { ResourceStore } from "../../../store/resource-store.ts";
import { timestamp } from "../../../write/context.ts";
import type { AdmissionContext, AdmissionRequest } from "../../plugin.ts";
import { refuse } from "../../request.ts";
import { evaluate, missingAmounts } from "./evaluate.ts";

const MOST_TRIES = 20;

interface Waiting {
  readonly request: AdmissionRequest;
  readonly delta: Amounts;
  done(error?: Error): void;
}

/** A quota as this server last saw it, with what the batch has taken from it so far. */
interface Account {
  cached: CachedObject;
  used: ReadonlyMap<string, Quantity>;
  changed: boolean;
}

export class QuotaLedger {
  readonly #clock: Clock;
  readonly #store: ResourceStore;
  /** Namespaces whose quotas are being written, with who came meanwhile. */
  readonly #busy = new Map<string, Waiting[]>();

  constructor({ storeOf, clock }: AdmissionContext) {
    this.#clock = clock;
    this.#store = storeOf(resourcequotas);
  }

  hasQuotas(namespace: string): boolean {
    this.#store.mustBeReadable(namespace);
    return this.#store.cache.list(namespace).length > 0;
  }

  take(request: AdmissionRequest, delta: Amounts): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { request, delta, done: (error) => (error ? reject(error) : resolve()) };
      const queue = this.#busy.get(request.namespace);
      if (queue) queue.push(waiting);
      else void this.#work(request.namespace, [waiting]);
    });
  }

  async #work(namespace: string, first: Waiting[]): Promise<void> {
    for (let batch = first; batch.length; batch = this.#busy.get(namespace) ?? []) {
      this.#busy.set(namespace, []);
      try {
        await this.#takeAll(namespace, batch);
      } catch (error) {
        for (const waiting of batch) waiting.done(error as Error);
      }
    }
    this.#busy.delete(namespace);
  }

  async #takeAll(namespace: string, batch: readonly Waiting[]): Promise<void> {
    await this.#store.fresh();
    const accounts = this.#store.cache.list(namespace).map(open);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      for (const account of accounts) reset(account);
      const outcomes = batch.map(({ request, delta }) => evaluateAll(accounts, request, delta));
      if (await this.#write(accounts)) {
        batch.forEach(({ request, done }, i) =>
          done(outcomes[i] === undefined ? undefined : refuse(request, outcomes[i])),
        );
        return;
      }
    }
    throw internalError(new Error(`the quotas of namespace ${namespace} change too fast`));
  }

  /** False when somebody else was faster; the account then holds what stands there now. */
  async #write(accounts: Account[]): Promise<boolean> {
    let all = true;
    for (const account of accounts.filter((it) => it.changed)) {
      const next = withUsage(account, this.#store.definition.schema, timestamp(this.#clock.now()));
      const outcome = await this.#store.replace(account.cached.key, next, account.cached);
      if (outcome.done) account.cached = outcome.object;
      else {
        all = false;
        if (outcome.current) account.cached = outcome.current;
        else accounts.splice(accounts.indexOf(account), 1);
        break;
      }
    }
    return all;
  }
}

const open = (cached: CachedObject): Account => ({ cached, used: new Map(), changed: false });

function reset(account: Account): void {
  account.used = ofList((account.cached.object as ResourceQuota).status?.used);
  account.changed = false;
}

/** Takes from all accounts or from none; tells why not. */
function evaluateAll(accounts: readonly Account[], request: AdmissionRequest, delta: Amounts): string | undefined {
  const taken: [Account, ReadonlyMap<string, Quantity>][] = [];
  const refusals: string[] = [];
  const { resource } = request.resource;
  for (const account of accounts) {
    const quota = account.cached.object as ResourceQuota;
    if (!countsObject(quota, resource, request.object as KubeObject)) continue;
    const missing =
      resource === "pods" && request.subresource === ""
        ? missingAmounts(quota, request.object as unknown as Pod)
        : undefined;
    if (missing) return missing;
    const verdict = evaluate(quota, account.used, delta);
    if (!verdict) continue;
    if ("refused" in verdict) refusals.push(verdict.refused);
    else taken.push([account, verdict.used]);
  }
  if (refusals.length) return refusals[0];
  if (request.dryRun) return undefined;
  for (const [account, used] of taken) {
    account.used = used;
    account.changed = true;
  }
  return undefined;
}

function withUsage({ cached, used }: Account, schema: Struct, time: string): KubeObject {
  const next = clone(cached.object) as Draft<ResourceQuota>;
  next.status = {
    ...next.status,
    used: Object.fromEntries(
      [...used].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, quantity]) => [name, quantity.toString()]),
    ),
  };
  const owner = { manager: "kube-apiserver", apiVersion: "v1", time, subresource: "status" };
  next.metadata.managedFields = afterUpdate(schema, cached.object, next, owner) as typeof next.metadata.managedFields;
  return next as ResourceQuota;
}
