/**
 * Storage in an etcd v3 cluster, which several servers may share. Compare-and-set is etcd's transaction; reads are linearizable.
 * Holds: a write whose outcome is unknown (the member was lost while it was under way) is settled by comparing, and rejected
 * where that cannot tell; it is never answered as done without being so.
 */
import { type Clock, realClock } from "@kubets/machinery/clock";
import { type Logger, silentLogger } from "@kubets/machinery/logger";
import {
  CompareCompareResult,
  CompareCompareTarget,
  KV,
  Lease,
  Maintenance,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
} from "@kubets/wire/generated/etcd";
import { GrpcError, type GrpcTls } from "@kubets/wire/grpc";
import type { Init } from "@kubets/wire/proto";
import type { Dialer } from "@kubets/wire/transport";
import {
  type CommitResult,
  type Entry,
  type ListOptions,
  type Page,
  RevisionError,
  type Storage,
  StorageClosedError,
  type WatchHandle,
  type WatchSink,
  type Write,
} from "../storage.ts";
import { Endpoints, isLost, neverSent } from "./endpoints.ts";
import { entryOf, etcdRange, keyBytes } from "./keys.ts";
import { Leases } from "./leases.ts";
import { progressReliable } from "./version.ts";
import { WatchStream } from "./watch-stream.ts";

export interface EtcdOptions {
  /** `https://host:port` or `http://host:port`, one for each member. */
  endpoints: readonly string[];
  tls?: GrpcTls;
  /** Makes the connections; by TCP when absent. */
  dialer?: Dialer | undefined;
  clock?: Clock;
  logger?: Logger;
  /** How long a call is tried, on all members together. */
  timeoutMs?: number;
}

/** Entries that one call reads; longer lists are read in several, all at one revision. */
const PAGE_ENTRIES = 1000;
/** Of the minute that a request may take: an election of etcd on a slow machine is not the end of it. */
const TIMEOUT_MS = 30_000;
const ATTEMPT_MS = 5000;
/** A key that need not exist; reading it tells the revision. */
const PROBE_KEY = keyBytes("/registry/");

/** Connects to a cluster; rejects when none of its members answers. */
export async function connect(options: EtcdOptions): Promise<EtcdStorage> {
  const { endpoints, tls, dialer, clock = realClock, logger = silentLogger, timeoutMs = TIMEOUT_MS } = options;
  if (endpoints.length === 0) throw new Error("no etcd endpoint is given: name at least one, as https://host:2379");
  const members = new Endpoints({
    endpoints,
    clock,
    timeoutMs,
    attemptMs: Math.min(ATTEMPT_MS, timeoutMs),
    dialer,
    ...(tls && { tls }),
  });
  const answers = await statusOf(members, Math.min(ATTEMPT_MS, timeoutMs));
  const versions = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.version] : []));
  if (versions.length === 0) {
    members.close();
    const causes = answers.map(
      (answer, i) => `${endpoints[i]}: ${answer.status === "rejected" ? String(answer.reason) : ""}`,
    );
    throw new Error(
      `no member of the etcd cluster answers: is it running, and are the certificates right? (${causes.join("; ")})`,
    );
  }
  const reliable = versions.every(progressReliable);
  if (!reliable)
    logger.warn("etcd answers progress requests wrongly before 3.4.31 and 3.5.13: consistent reads go to etcd", {
      versions,
    });
  return new EtcdStorage(members, clock, reliable);
}

const statusOf = ({ members }: Endpoints, timeoutMs: number) =>
  Promise.allSettled(members.map(({ client }) => client.unary(Maintenance.status, {}, { timeoutMs })));

export class EtcdStorage implements Storage {
  readonly exclusive = false;
  /** Whether `upTo` moves without changes; where not, a consistent read has to ask etcd for the data too. */
  readonly progressReliable: boolean;
  readonly #endpoints: Endpoints;
  readonly #leases: Leases;
  readonly #watches: WatchStream;
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  /** Use `connectEtcd`. */
  constructor(endpoints: Endpoints, clock: Clock, reliable: boolean) {
    this.progressReliable = reliable;
    this.#endpoints = endpoints;
    this.#watches = new WatchStream(endpoints, clock, reliable);
    this.#leases = new Leases(clock, async (seconds) => {
      const granted = await endpoints.call(Lease.leaseGrant, { TTL: seconds }, isLost);
      return BigInt(granted.ID);
    });
  }

  /** Watches that lag behind are told soon how far they have got, where `progressReliable`. */
  async currentRevision(): Promise<number> {
    const { header } = await this.#range({ key: PROBE_KEY, countOnly: true });
    const revision = Number(header?.revision);
    this.#watches.wantProgress(revision);
    return revision;
  }

  async diskBytes(): Promise<number> {
    return Number((await this.#endpoints.call(Maintenance.status, {}, () => true)).dbSize);
  }

  async get(key: string, at?: number): Promise<Entry | undefined> {
    const { kvs } = await this.#range({ key: keyBytes(key), revision: at ?? 0 });
    return kvs[0] && entryOf(kvs[0]);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const { limit = Number.POSITIVE_INFINITY } = options;
    const entries: Entry[] = [];
    let { at, after } = options;
    for (;;) {
      const asked = Math.min(limit - entries.length, PAGE_ENTRIES);
      const page = await this.#range({ ...etcdRange(prefix, after), revision: at ?? 0, limit: asked });
      at ??= Number(page.header?.revision);
      for (const kv of page.kvs) entries.push(entryOf(kv));
      const remaining = Number(page.count) - page.kvs.length;
      if (remaining <= 0 || entries.length >= limit)
        return { entries, revision: at, remaining: Math.max(0, remaining) };
      after = entries.at(-1)?.key;
    }
  }

  async count(prefix: string): Promise<number> {
    const { count } = await this.#range({ ...etcdRange(prefix), countOnly: true });
    return Number(count);
  }

  commit(write: Write): Promise<CommitResult> {
    let value: Uint8Array | null;
    try {
      this.#open();
      value = write.value?.(undefined) ?? null;
    } catch (error) {
      return Promise.reject(error);
    }
    const committing = this.#commit(write, value);
    const settled = committing.catch(() => {});
    this.#pending.add(settled);
    void settled.then(() => this.#pending.delete(settled));
    return committing;
  }

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    if (!this.#closed) return this.#watches.watch(prefix, after, sink);
    queueMicrotask(() => sink.closed({ why: "stopped" }));
    return { stop() {} };
  }

  async compact(revision: number): Promise<void> {
    this.#open();
    try {
      await this.#endpoints.call(KV.compact, { revision }, isLost);
    } catch (error) {
      const known = await this.#revisionError(error, revision);
      if (known instanceof RevisionError && known.why === "compacted") return;
      throw known;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watches.close();
    await Promise.all(this.#pending);
    this.#endpoints.close();
  }

  async #commit(write: Write, value: Uint8Array | null): Promise<CommitResult> {
    const { key, expect, ttlSeconds } = write;
    // A second try of an update at one revision finds that revision gone if the first was carried out.
    const mayRepeat = value !== null && expect !== undefined;
    let unsure = false;
    const again = (error: GrpcError) => {
      const lost = isLost(error);
      if (lost && !neverSent(error)) unsure = true;
      return lost && (mayRepeat || !unsure);
    };
    try {
      const answer = await this.#transact(() => this.#request(key, expect, value, ttlSeconds), again, ttlSeconds);
      if (unsure && !answer.succeeded && value) return await this.#settle(write, value, answer);
      return resultOf(answer, value !== null);
    } catch (error) {
      if (unsure && error instanceof GrpcError && isLost(error)) {
        throw new Error(`whether ${key} was written is not known: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  async #request(
    key: string,
    expect: number | undefined,
    value: Uint8Array | null,
    ttlSeconds: number | undefined,
  ): Promise<Init<TxnRequest>> {
    const name = keyBytes(key);
    const lease = value && ttlSeconds !== undefined ? await this.#leases.lease(ttlSeconds) : 0;
    return {
      compare:
        expect === undefined
          ? []
          : [{ target: CompareCompareTarget.MOD, result: CompareCompareResult.EQUAL, key: name, modRevision: expect }],
      success: [
        value
          ? { requestPut: { key: name, value, lease, prevKv: true } }
          : { requestDeleteRange: { key: name, prevKv: true } },
      ],
      failure: [{ requestRange: { key: name } }],
    };
  }

  /** A lease may have died (this machine was suspended): then once more with a new one. */
  async #transact(
    request: () => Promise<Init<TxnRequest>>,
    again: (error: GrpcError) => boolean,
    ttlSeconds: number | undefined,
  ): Promise<TxnResponse> {
    try {
      return await this.#endpoints.call(KV.txn, await request(), again);
    } catch (error) {
      if (ttlSeconds === undefined || !(error instanceof GrpcError) || error.code !== "NOT_FOUND") throw error;
      this.#leases.forget(ttlSeconds);
      return await this.#endpoints.call(KV.txn, await request(), again);
    }
  }

  /** The update was tried twice and did not find its revision: was it the first try that moved it? */
  async #settle({ key, expect = 0 }: Write, value: Uint8Array, answer: TxnResponse): Promise<CommitResult> {
    const result = resultOf(answer, true);
    if (result.ok || !result.current || Buffer.compare(result.current.value, value) !== 0) return result;
    const previous = expect === 0 ? undefined : await this.get(key, expect);
    return { ok: true, revision: result.current.revision, previous };
  }

  async #range(request: Init<RangeRequest>): Promise<RangeResponse> {
    this.#open();
    try {
      return await this.#endpoints.call(KV.range, request, isLost);
    } catch (error) {
      throw await this.#revisionError(error, Number(request.revision ?? 0));
    }
  }

  async #revisionError(error: unknown, wanted: number): Promise<unknown> {
    if (!(error instanceof GrpcError) || error.code !== "OUT_OF_RANGE") return error;
    if (/has been compacted/.test(error.message)) return new RevisionError("compacted", wanted, undefined);
    if (/future revision/.test(error.message)) return new RevisionError("future", wanted, await this.currentRevision());
    return error;
  }

  #open(): void {
    if (this.#closed) throw new StorageClosedError();
  }
}

function resultOf({ succeeded, responses, header }: TxnResponse, isPut: boolean): CommitResult {
  const [answer] = responses;
  if (!succeeded) {
    const found = answer?.responseRange?.kvs[0];
    return { ok: false, current: found && entryOf(found) };
  }
  const before = isPut ? answer?.responsePut?.prevKv : answer?.responseDeleteRange?.prevKvs[0];
  const previous = before && entryOf(before);
  if (!isPut && !previous) return { ok: false, current: undefined };
  return { ok: true, revision: Number(header?.revision), previous };
}
