/**
 * Watches: what is there (if asked for), what changed since a revision, then every change as it comes. Between the last thing said of the past
 * and the first of the present nothing is lost or told twice: the subscription begins in the same turn in which memory is read.
 */
import { type ApiCall, storeOf } from "../api-call.ts";
import { allReadable } from "../present.ts";
import type { CachedChange } from "../store/cached-change.ts";
import { EventBatch } from "../store/event-batch.ts";
import { eventFor, type Selection } from "../store/watch-hub.ts";
import { type ListParameters, validateListOptions } from "./list-options.ts";
import { tooOld, waitForRevision } from "./revision.ts";
import { selected } from "./selected.ts";
import { openWatch, type WatchConnection } from "./watch-connection.ts";
import { streamType } from "./watch-form.ts";

export function watch(call: ApiCall): void | Promise<void> {
  const began = performance.now();
  const options = validateListOptions(call.info.query, "watch");
  if (!call.exchange.direct) streamType(call);
  const selection = selected(call);
  const wait = options.revision ? waitForRevision(call, options.revision) : storeOf(call).fresh();
  return wait ? wait.then(() => begin(call, selection, options, began)) : begin(call, selection, options, began);
}

/** Without a revision, or with 0, a watch begins with what is there, unless it says that it does not want that. */
function begin(call: ApiCall, selection: Selection, options: ListParameters, began: number): void | Promise<void> {
  const wantsState = options.sendInitialEvents ?? !options.revision;
  if (wantsState) {
    const again = allReadable(call, selection);
    const go = () => fromState(call, selection, options, began);
    return again ? again.then(go) : go();
  }
  if (!options.revision) return live(call, openWatch(call, options), selection, undefined, storeOf(call).revision);
  return fromRevision(call, selection, options, options.revision);
}

function fromState(call: ApiCall, selection: Selection, options: ListParameters, began: number): void {
  const store = storeOf(call);
  const batch = new EventBatch();
  for (const object of store.cache.list(selection.namespace)) if (selection.matches(object)) batch.add("ADDED", object);
  const connection = openWatch(call, options);
  call.server.metrics.watches.began(call.info, batch.events.length);
  live(call, connection, selection, batch, store.revision);
  if (options.sendInitialEvents && options.allowBookmarks) connection.endList(store.revision, began);
}

function fromRevision(
  call: ApiCall,
  selection: Selection,
  options: ListParameters,
  revision: number,
): void | Promise<void> {
  const store = storeOf(call);
  const held = store.cache.history.after(revision);
  if (held) return live(call, openWatch(call, options), selection, batchOf(selection, held), store.revision);
  return fromLog(call, selection, options, revision);
}

/** The past that memory no longer holds is read from storage, up to where memory begins. */
async function fromLog(call: ApiCall, selection: Selection, options: ListParameters, revision: number): Promise<void> {
  const store = storeOf(call);
  const past = await store.changesAfter(revision);
  if (past === "compacted") {
    const connection = openWatch(call, options);
    connection.error(tooOld(revision, store.cache.history.since));
    return;
  }
  const upTo = past.at(-1)?.revision ?? revision;
  const since = store.cache.history.after(Math.max(upTo, store.cache.history.since)) ?? [];
  live(
    call,
    openWatch(call, options),
    selection,
    batchOf(selection, [...past, ...since.filter((c) => c.revision > upTo)]),
    store.revision,
  );
}

function batchOf(selection: Selection, changes: readonly CachedChange[]): EventBatch {
  const batch = new EventBatch();
  for (const change of changes) {
    const event = eventFor(selection, change);
    if (event) batch.add(event.type, event.object);
  }
  return batch;
}

function live(
  call: ApiCall,
  connection: WatchConnection,
  selection: Selection,
  first: EventBatch | undefined,
  revision: number,
): void {
  if (first?.events.length) connection.deliverPast(first);
  connection.standsAt(revision);
  connection.follow(storeOf(call).cache.hub.subscribe(selection, connection));
}
