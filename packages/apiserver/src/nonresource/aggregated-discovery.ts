/**
 * All resources in one document, with a tag by which clients ask whether it is still the one that they have. Made anew only when what is served changed.
 */
import { createHash } from "node:crypto";
import { apiGroupDiscoveryList, type GroupResources } from "@kubets/api/discovery";
import { type RemoteVersion, withRemoteDiscovery } from "../aggregation/merged-discovery.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import { type AnswerForm, CONTENT_TYPE } from "../media.ts";
import { mergedGroups } from "../peers/merged-discovery.ts";
import type { Peers } from "../peers/peers.ts";
import { bytesIn } from "./respond-json.ts";

const KIND = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface Document {
  readonly json: Buffer;
  /** The same for every form. */
  readonly tag: string;
  /** The other forms that were asked for, by their keys. */
  readonly forms: Map<string, Buffer>;
}
/** By the groups, and by what it is of: the core group, all others, or those and what peers serve. Groups and peers are other ones after each change. */
const made = new WeakMap<readonly GroupResources[], WeakMap<object, Document>>();
const CORE = {};
const OTHERS = {};

export function serveAggregatedDiscovery(
  exchange: CoreExchange,
  form: AnswerForm,
  groups: readonly GroupResources[],
  ofCore: boolean,
  remotes: readonly RemoteVersion[],
  peers: Peers | undefined,
): void {
  const ofServer = () =>
    withRemoteDiscovery(apiGroupDiscoveryList(groups.filter(({ group }) => (group === "") === ofCore)), remotes);
  const value = () => (peers ? withPeers(ofServer(), peers) : ofServer());
  if (exchange.direct) return exchange.direct.respond(200, value());
  const document = remotes.length ? documentOf(value()) : kept(groups, ofCore, value, peers);
  const headers = ["etag", document.tag, "vary", "Accept", "cache-control", "public"];
  if (exchange.header("if-none-match") === document.tag) return exchange.respond(304, headers);
  exchange.respond(200, ["content-type", `${CONTENT_TYPE[form.media]};${KIND}`, ...headers], inForm(document, form));
}

function kept(
  groups: readonly GroupResources[],
  ofCore: boolean,
  value: () => object,
  peers: Peers | undefined,
): Document {
  const ofGroups = made.get(groups) ?? new WeakMap<object, Document>();
  made.set(groups, ofGroups);
  const what = peers?.discovery() ?? (ofCore ? CORE : OTHERS);
  const known = ofGroups.get(what);
  if (known) peers?.metrics.kept();
  const document = known ?? documentOf(value());
  ofGroups.set(what, document);
  return document;
}

function withPeers<T extends { readonly items: readonly object[] }>(list: T, peers: Peers): object {
  const ofPeers = peers.discovery();
  if (ofPeers.length === 0) return list;
  peers.metrics.merged();
  return { ...list, items: mergedGroups([list.items, ...ofPeers]) };
}

function documentOf(value: object): Document {
  const json = Buffer.from(`${JSON.stringify(value)}\n`);
  const tag = `"${createHash("sha512").update(json).digest("hex").toUpperCase()}"`;
  return { json, tag, forms: new Map() };
}

function inForm({ json, forms }: Document, form: AnswerForm): Buffer {
  if (form.key === "json") return json;
  const bytes = forms.get(form.key) ?? bytesIn(form, JSON.parse(json.toString()) as object);
  forms.set(form.key, bytes);
  return bytes;
}
