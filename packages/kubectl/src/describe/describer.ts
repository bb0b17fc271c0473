/** What each kind's description gets, and gives: the text. Parts that the server refuses are left out, never thrown. */
import type { JsonObject } from "../json.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";
import type { Lines } from "./lines.ts";

export interface Describing {
  readonly info: Info;
  readonly object: JsonObject;
  readonly api: Api;
  readonly now: number;
  readonly lines: Lines;
  /** The events of the object; undefined where they are not to be shown. */
  readonly events: readonly JsonObject[] | undefined;
}

export type Describer = (describing: Describing) => void | Promise<void>;

/** The items of a list, or none where it cannot be had. */
export async function itemsAt(api: Api, path: string, query: Record<string, string> = {}): Promise<JsonObject[]> {
  const list = await api.rest.get(path, { query }).catch(() => undefined);
  return Array.isArray(list?.items) ? (list.items as JsonObject[]) : [];
}
