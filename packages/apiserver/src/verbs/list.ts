/** Lists: whole, by selectors, in pages, at revisions. */
import { badRequest, StatusError } from "@kubets/machinery";
import { parseJson } from "@kubets/machinery/json";
import { RevisionError } from "@kubets/storage";
import { type ApiCall, storeOf } from "../api-call.ts";
import { respondList } from "../list-answer.ts";
import { allReadable } from "../present.ts";
import type { ListMeta } from "../respond.ts";
import type { CachedObject } from "../store/cached-object.ts";
import type { ResourceStore } from "../store/resource-store.ts";
import type { WholeSelection } from "../store/selection.ts";
import { validateListOptions } from "./list-options.ts";
import { waitForRevision } from "./revision.ts";
import { selected } from "./selected.ts";

export function list(call: ApiCall): void | Promise<void> {
  const options = validateListOptions(call.info.query, "list");
  const selection = selected(call);
  // Who takes whatever is at hand gets it in one page: it comes from memory.
  const limit = options.revision === 0 ? undefined : options.limit;
  if (options.continue) return listFrom(call, selection, readContinue(options.continue), limit);
  if (options.match === "Exact" && options.revision) return listAt(call, selection, options.revision, limit);
  const wait = options.revision === undefined ? consistent(storeOf(call)) : waitForRevision(call, options.revision);
  const answer = () => respondPage(call, candidates(call, selection), storeOf(call).revision, limit, selection);
  const whenReadable = () => {
    const again = allReadable(call, selection);
    return again ? again.then(answer) : answer();
  };
  return wait ? wait.then(whenReadable) : whenReadable();
}

/** Resolves when memory is as new as storage; undefined when it always is. */
function consistent(store: ResourceStore): Promise<void> | undefined {
  const fresh = store.fresh();
  if (!fresh) {
    store.reads?.consistent(true);
    return undefined;
  }
  return fresh.then(
    () => store.reads?.consistent(true),
    (error: unknown) => {
      store.reads?.consistent(false);
      throw error;
    },
  );
}

/** The objects among which the selection chooses. */
function candidates(call: ApiCall, selection: WholeSelection): CachedObject[] {
  const { cache } = storeOf(call);
  if (selection.name === undefined || !selection.namespace) return cache.list(selection.namespace);
  const one = cache.get(`${selection.namespace}/${selection.name}`);
  return one ? [one] : [];
}

/** What a continue token says: the snapshot's revision and the key behind which to go on. */
interface Continue {
  readonly revision: number;
  readonly after: string;
}

/** A page of a list at the revision of its first page. While nothing of the resource changed since then, memory is that snapshot. */
async function listFrom(
  call: ApiCall,
  selection: WholeSelection,
  from: Continue,
  limit: number | undefined,
): Promise<void> {
  const store = storeOf(call);
  const now = from.revision === OF_NO_MOMENT;
  if (now) await store.fresh();
  await allReadable(call, selection);
  if (now || store.cache.lastChange <= from.revision) {
    const rest = candidates(call, selection).filter((object) => isBehind(object.key, from.after));
    if (!now) await checkHistory(call, rest, from.revision, from.after);
    return respondPage(call, rest, now ? store.revision : from.revision, limit, selection);
  }
  await respondHistory(call, selection, from.revision, limit, from.after);
}

async function listAt(
  call: ApiCall,
  selection: WholeSelection,
  revision: number,
  limit: number | undefined,
): Promise<void> {
  const store = storeOf(call);
  await waitForRevision(call, revision);
  await allReadable(call, selection);
  if (store.cache.lastChange <= revision) {
    const present = candidates(call, selection);
    await checkHistory(call, present, revision, undefined);
    return respondPage(call, present, revision, limit, selection);
  }
  await respondHistory(call, selection, revision, limit, undefined);
}

/** What has not changed is known, but a moment that is too old is refused all the same: so clients see how long tokens are good. */
async function checkHistory(
  call: ApiCall,
  [first]: readonly CachedObject[],
  revision: number,
  after: string | undefined,
): Promise<void> {
  try {
    if (first) await storeOf(call).checkHistory(first, revision);
  } catch (error) {
    throw refusedHistory(error, after);
  }
}

const refusedHistory = (error: unknown, after: string | undefined): unknown =>
  error instanceof RevisionError ? (after === undefined ? expired() : expiredContinue(after)) : error;

async function respondHistory(
  call: ApiCall,
  selection: WholeSelection,
  revision: number,
  limit: number | undefined,
  after: string | undefined,
) {
  try {
    const page = await storeOf(call).listAt(revision, call.info.namespace, after === undefined ? {} : { after });
    await respondPage(call, page.objects, revision, limit, selection, true);
  } catch (error) {
    throw refusedHistory(error, after);
  }
}

/** Stands for a revision in tokens that go on with whatever there is now. */
const OF_NO_MOMENT = -1;

/** Who does not mind that the list is of two moments may go on by the token that comes with the refusal. */
function expiredContinue(after: string): StatusError {
  return new StatusError({
    code: 410,
    reason: "Expired",
    message:
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    metadata: { continue: writeContinue({ revision: OF_NO_MOMENT, after }) },
  });
}

function expired(): StatusError {
  return new StatusError({
    code: 410,
    reason: "Expired",
    message: "The resourceVersion for the provided list is too old.",
  });
}

/** Answers the first of the candidates that match; a page that is full goes on behind its last one, whatever comes there. */
function respondPage(
  call: ApiCall,
  candidates: readonly CachedObject[],
  revision: number,
  limit: number | undefined,
  selection: WholeSelection,
  isPast = false,
): void | Promise<void> {
  const meta: ListMeta = { resourceVersion: String(revision) };
  const page: CachedObject[] = [];
  let seen = 0;
  for (const object of candidates) {
    if (page.length === limit) break;
    seen++;
    if (selection.whole || selection.matches(object)) page.push(object);
  }
  const { reads } = storeOf(call);
  if (isPast) reads?.listedPast(candidates.length, seen, page.length);
  else reads?.listed(seen, page.length);
  if (seen < candidates.length) {
    meta.continue = writeContinue({ revision, after: (page.at(-1) as CachedObject).key });
    if (selection.whole) meta.remainingItemCount = candidates.length - seen;
  }
  if (selection.shard) meta.shardInfo = { selector: selection.shard.text };
  return respondList(call, page, meta);
}

function writeContinue({ revision, after }: Continue): string {
  const token = { v: "meta.k8s.io/v1", rv: revision, start: `${after}\u0000` };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function readContinue(token: string): Continue {
  const invalid = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const odd = token.search(/[^\w-]/);
  if (odd >= 0) throw invalid(`illegal base64 data at input byte ${odd}`);
  let read: { v?: unknown; rv?: unknown; start?: unknown } | null;
  try {
    read = parseJson(Buffer.from(token, "base64url").toString()) as typeof read;
  } catch (error) {
    throw invalid((error as Error).message);
  }
  if (read?.v !== "meta.k8s.io/v1") throw invalid("server does not recognize this encoded version");
  const { rv, start } = read;
  if (typeof rv !== "number" || rv === 0)
    throw invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (typeof start !== "string" || start === "") throw invalid("encoded start key empty (version meta.k8s.io/v1)");
  return { revision: rv, after: start.replace(/\0$/, "") };
}

/** The order of storage keys: of "namespace/" first, then of names. */
function isBehind(key: string, after: string): boolean {
  const [namespace, name] = splitKey(key);
  const [afterNamespace, afterName] = splitKey(after);
  return namespace === afterNamespace ? name > afterName : namespace > afterNamespace;
}

function splitKey(key: string): [string, string] {
  const slash = key.indexOf("/");
  return slash < 0 ? ["/", key] : [key.slice(0, slash + 1), key.slice(slash + 1)];
}
