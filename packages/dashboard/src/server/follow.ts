/**
 * Keeps what matches a question up to date: lists it, then watches from there, and begins again where the server forgot what happened since.
 * Holds: every change is told, several that come close together at once; so is what was read of a list so far, page by page, the first time; after a failure it is tried again for as long as somebody asks.
 */
import { asFailure, type Failure } from "./failure.ts";
import type { Column, Form } from "./forms.ts";
import { type Query, queryText, type Server } from "./server.ts";
import { type WatchEvent, watchLines } from "./watch-lines.ts";

export interface Question {
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface Followed<T> {
  readonly items: readonly T[];
  readonly columns: readonly Column[];
  readonly phase: "loading" | "live" | "waiting";
  /** Why it waits; what is shown may have changed since. */
  readonly failure?: Failure;
}

export const nothingYet: Followed<never> = { items: [], columns: [], phase: "loading" };

/** Of so many objects a list is read at a time: the browser can do nothing else while it looks at them. */
export const PAGE = 500;
/** Changes that come within this time are shown at once. */
const GATHER_MS = 100;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const GONE = 410;

interface ListBody {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** What is given ends it. */
export function follow<T>(
  server: Server,
  question: Question,
  form: Form<T>,
  tell: (now: Followed<T>) => void,
): () => void {
  const { path, labelSelector, fieldSelector } = question;
  const selectors: Query = { labelSelector, fieldSelector };
  const items = new Map<string, T>();
  const stop = new AbortController();
  let columns: readonly Column[] = [];
  let phase: Followed<T>["phase"] = "loading";
  let failure: Failure | undefined;
  let version = "";
  let wait = FIRST_WAIT_MS;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let endWatch = () => {};

  const tellNow = (all = items) => {
    clearTimeout(gathering);
    gathering = undefined;
    if (!stop.signal.aborted) tell({ items: [...all.values()], columns, phase, ...(failure && { failure }) });
  };
  const tellSoon = () => {
    gathering ??= setTimeout(tellNow, GATHER_MS);
  };

  async function list(): Promise<void> {
    try {
      const found = new Map<string, T>();
      let next: string | undefined;
      do {
        const query = queryText({ ...selectors, limit: PAGE, continue: next });
        const body = await server.json<ListBody>(`${path}${query}`, { accept: form.accept, signal: stop.signal });
        columns = form.columns(body) ?? columns;
        for (const [uid, item] of form.items(body)) found.set(uid, item);
        version = body.metadata?.resourceVersion ?? "";
        next = body.metadata?.continue;
        if (next && phase === "loading") tellNow(found);
      } while (next);
      items.clear();
      for (const [uid, item] of found) items.set(uid, item);
      watch();
    } catch (error) {
      if (!stop.signal.aborted) again(asFailure(error), list);
    }
  }

  function watch(): void {
    phase = "live";
    failure = undefined;
    tellNow();
    // Who was told may have had enough.
    if (stop.signal.aborted) return;
    const read = watchLines();
    const began = Date.now();
    const query = queryText({ ...selectors, watch: true, allowWatchBookmarks: true, resourceVersion: version });
    const onEnd = (why?: Failure) => {
      endWatch();
      if (why?.code === GONE) void list();
      // The server ends every watch after some minutes.
      else if (!why && Date.now() - began > FIRST_WAIT_MS) watch();
      else again(why, watch);
    };
    endWatch = server.pieces(`${path}${query}`, form.accept, {
      onText(text) {
        wait = FIRST_WAIT_MS;
        const { events, failure: told } = read(text);
        for (const event of events) apply(event);
        if (told) onEnd(told);
      },
      onEnd,
    });
  }

  function apply({ type, object }: WatchEvent): void {
    const told = object as ListBody & { readonly rows?: readonly { readonly object: ListBody }[] };
    version = told.metadata?.resourceVersion || told.rows?.[0]?.object.metadata?.resourceVersion || version;
    if (type === "BOOKMARK") return;
    for (const [uid, item] of form.items(object))
      if (type === "DELETED") items.delete(uid);
      else items.set(uid, item);
    tellSoon();
  }

  function again(why: Failure | undefined, step: () => void): void {
    phase = "waiting";
    failure = why;
    tellNow();
    if (stop.signal.aborted) return;
    waiting = setTimeout(step, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }

  void list();
  return () => {
    stop.abort();
    clearTimeout(gathering);
    clearTimeout(waiting);
    endWatch();
  };
}
